import Testing

@testable import EPPScorer

@Suite struct RecencyTableTests {
  @Test func `what was set longest ago is forgotten first`() {
    var table = RecencyTable<String, Int>(capacity: 2)
    #expect(table.set("a", to: 1) == nil)
    #expect(table.set("b", to: 2) == nil)
    #expect(table.set("a", to: 3) == nil)
    #expect(table.set("c", to: 4) == 2)
    #expect(table["a"] == 3 && table["b"] == nil && table["c"] == 4 && table.count == 2)
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a table equals a list that is kept in order`(seed: UInt64) {
    var random = RandomStream(seed: seed)
    let capacity = random.below(6)
    var table = RecencyTable<Int, Int>(capacity: capacity)
    var list: [(key: Int, value: Int)] = []
    for value in 0..<2000 {
      let key = random.below(10)
      var forgotten: Int?
      if let place = list.firstIndex(where: { $0.key == key }) {
        list.remove(at: place)
      } else if list.count == max(capacity, 1) {
        forgotten = list.removeFirst().value
      }
      list.append((key, value))
      #expect(table.set(key, to: value) == forgotten)
      #expect(table.count == list.count)
      let ages = list.compactMap { table.age(of: $0.key) }
      #expect(ages == ages.sorted() && ages.count == list.count)
      #expect((0..<10).allSatisfy { key in table[key] == list.first { $0.key == key }?.value })
    }
  }
}
