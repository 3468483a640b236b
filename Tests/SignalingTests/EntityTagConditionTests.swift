import Testing

@testable import Signaling

@Suite struct EntityTagConditionTests {
    @Test(arguments: [
        ("*", EntityTagCondition.any), (" * ", .any), ("\"a\"", .tags(strong: ["a"], weak: [])),
        ("W/\"a\" , \"b,c\"", .tags(strong: ["b,c"], weak: ["a"])), ("\"\"", .tags(strong: [""], weak: [])),
    ])
    func `a star and lists of quoted tags are read`(field: String, condition: EntityTagCondition) {
        #expect(EntityTagCondition(field) == condition)
    }

    @Test(arguments: ["", "a", "\"a", "\"a\",", "\"a\"b", "**", "*, \"a\"", "W/a"])
    func `anything else is refused`(field: String) {
        #expect(EntityTagCondition(field) == nil)
    }
}
