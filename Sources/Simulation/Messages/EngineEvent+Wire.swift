extension StoredBlocks {
  func isNil(_ field: StoredField) -> Bool {
    switch field {
    case .blockHashes, .tokenIDs, .blockSize: false
    case .parentBlockHash: parent == nil
    case .loraID: loraID == nil
    case .medium: medium == nil
    case .loraName: loraName == nil
    case .extraKeys: extraKeys == nil
    case .groupIndex: group == nil
    case .specKind: specKind == nil
    case .slidingWindow: slidingWindow == nil
    case .locality: locality == nil
    case .ownership: ownership == nil
    case .sessionID: sessionID == nil
    }
  }

  func write(_ field: StoredField, to writer: inout MsgpackWriter) {
    switch field {
    case .blockHashes: writer.write(hashes)
    case .parentBlockHash:
      if let parent { writer.write(parent) } else { writer.writeNil() }
    case .tokenIDs:
      writer.openArray(count: tokens.count)
      for token in tokens { writer.write(UInt64(token)) }
    case .blockSize: writer.write(Int64(blockSize))
    case .loraID: writer.write(integer: loraID)
    case .medium: writer.write(text: medium)
    case .loraName: writer.write(text: loraName)
    case .extraKeys: writer.write(extraKeys)
    case .groupIndex: writer.write(integer: group)
    case .specKind: writer.write(text: specKind)
    case .slidingWindow: writer.write(integer: slidingWindow)
    case .locality: writer.write(text: locality)
    case .ownership: writer.write(text: ownership)
    case .sessionID: writer.write(text: sessionID)
    }
  }
}

extension RemovedBlocks {
  func isNil(_ field: RemovedField) -> Bool {
    switch field {
    case .blockHashes: false
    case .medium: medium == nil
    case .groupIndex: group == nil
    case .locality: locality == nil
    case .ownership: ownership == nil
    }
  }

  func write(_ field: RemovedField, to writer: inout MsgpackWriter) {
    switch field {
    case .blockHashes: writer.write(hashes)
    case .medium: writer.write(text: medium)
    case .groupIndex: writer.write(integer: group)
    case .locality: writer.write(text: locality)
    case .ownership: writer.write(text: ownership)
    }
  }
}

extension MsgpackWriter {
  mutating func write(text: String?) {
    if let text { write(text) } else { writeNil() }
  }

  mutating func write(integer: Int?) {
    if let integer { write(Int64(integer)) } else { writeNil() }
  }

  mutating func write(_ hash: EngineBlockHash) {
    switch hash {
    case .integer(let bits): write(bits)
    case .bytes(let digest): write(digest)
    }
  }

  mutating func write(_ hashes: [EngineBlockHash]) {
    openArray(count: hashes.count)
    for hash in hashes { write(hash) }
  }

  mutating func write(_ extraKeys: [[ExtraKey]?]?) {
    guard let extraKeys else { return writeNil() }
    openArray(count: extraKeys.count)
    for keys in extraKeys {
      if let keys { write(.list(keys)) } else { writeNil() }
    }
  }

  private mutating func write(_ key: ExtraKey) {
    switch key {
    case .text(let text): write(text)
    case .bytes(let bytes): write(bytes)
    case .integer(let number): write(number)
    case .list(let keys):
      openArray(count: keys.count)
      for key in keys { write(key) }
    }
  }
}
