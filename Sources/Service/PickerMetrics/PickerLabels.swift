package import EPPScorer

/// What a request is counted under.
struct RequestLabels: LabelSet {
  var model: String
  var targetModel: String
  var fairnessID: String
  var priority: String

  /// - Parameters:
  ///   - model: As the client names it.
  ///   - targetModel: As the engine is asked for it.
  init(model: String, targetModel: String, fairnessID: String, priority: Int) {
    self.model = Self.bounded(model)
    self.targetModel = Self.bounded(targetModel)
    self.fairnessID = Self.bounded(fairnessID)
    self.priority = "\(priority)"
  }

  static var other: RequestLabels {
    var labels = RequestLabels(
      model: "other", targetModel: "other", fairnessID: "other", priority: 0)
    labels.priority = "other"
    return labels
  }

  var labels: MetricsText.Labels {
    [
      (name: "model_name", value: model), (name: "target_model_name", value: targetModel),
      (name: "fairness_id", value: fairnessID), (name: "priority", value: priority),
    ]
  }
}

/// How one attempt to find an endpoint ended.
package struct AttemptLabels: LabelSet {
  package enum Status: String, Sendable { case success, failure }

  package var status: Status
  package var targetModel: String
  /// Nil when none was found.
  package var endpoint: EndpointID?
  package var port: UInt16?

  package init(_ status: Status, targetModel: String, endpoint: Endpoint? = nil) {
    self.status = status
    self.targetModel = Self.bounded(targetModel)
    self.endpoint = endpoint?.id
    port = endpoint?.port
  }

  package static var other: AttemptLabels { AttemptLabels(.success, targetModel: "other") }

  package var labels: MetricsText.Labels {
    [
      (name: "status", value: status.rawValue), (name: "target_model_name", value: targetModel),
      (name: "endpoint_name", value: endpoint?.name ?? ""),
      (name: "namespace", value: endpoint?.namespace ?? ""),
      (name: "port", value: port.map { "\($0)" } ?? ""),
    ]
  }
}

/// A plugin at one of the points where a request meets it.
package struct PluginLabels: LabelSet {
  package var extensionPoint: String
  package var type: String
  package var name: String

  package init(extensionPoint: String, type: String, name: String) {
    self.extensionPoint = extensionPoint
    self.type = type
    self.name = name
  }

  package static var other: PluginLabels {
    PluginLabels(extensionPoint: "other", type: "other", name: "other")
  }

  package var labels: MetricsText.Labels {
    [
      (name: "extension_point", value: extensionPoint), (name: "plugin_type", value: type),
      (name: "plugin_name", value: name),
    ]
  }
}

/// A producer of prefix hits.
package struct ProducerLabels: LabelSet {
  package var name: String
  package var type: String

  package init(name: String, type: String) {
    self.name = name
    self.type = type
  }

  package static var other: ProducerLabels { ProducerLabels(name: "other", type: "other") }

  package var labels: MetricsText.Labels {
    [(name: "plugin_name", value: name), (name: "plugin_type", value: type)]
  }
}

/// What a profile handler made of a request.
package struct DivisionLabels: LabelSet {
  package var handler: ProducerLabels
  package var model: String
  /// The handler's word for it, such as `prefill-decode`.
  package var decision: String

  package init(handler: ProducerLabels, model: String, decision: String) {
    self.handler = handler
    self.model = Self.bounded(model)
    self.decision = decision
  }

  package static var other: DivisionLabels {
    DivisionLabels(handler: .other, model: "other", decision: "other")
  }

  package var labels: MetricsText.Labels {
    handler.labels + [
      (name: "model_name", value: model), (name: "decision_type", value: decision),
    ]
  }
}
