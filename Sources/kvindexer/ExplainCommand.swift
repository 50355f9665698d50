import Service

/// `kvindexer explain`: why each endpoint holds so much of a prompt, and which would be picked.
enum ExplainCommand: Command {
  static let help = """
    usage: kvindexer explain \(PromptOptions.usage) [OPTIONS]

    How the prompt becomes tokens and blocks; what each endpoint can reuse of it by tier, the first
    block that is missing and why; and of `epp`, what each scorer says, which endpoint would be
    picked, and what was given up for it.

    \(PromptOptions.help)
    \(ServiceLocation.help)
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let location = try ServiceLocation(&arguments)
    let prompt = try PromptOptions(&arguments)
    let body = try location.ask("/v1/explain", body: prompt.body)
    if location.isJSON {
      print(String(decoding: body, as: UTF8.self))
    } else {
      Screen.standardOutput.print(
        ExplainView.lines(try location.read(ExplainAnswer.self, from: body)))
    }
    return 0
  }
}
