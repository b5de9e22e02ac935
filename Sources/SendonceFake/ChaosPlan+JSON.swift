// The body of POST /fake/chaos:
//   {"clear": true, "seed": 7, "chances": [{"fault": "acceptThenDrop", "probability": 0.1}],
//    "script": [{"fault": "acceptThenLate", "milliseconds": 300, "count": 2}]}

import Foundation

extension FakeBrevo.ChaosPlan {
    /// Changes the plan as the JSON says, or throws and changes nothing.
    ///
    /// `clear` empties plan and script first, `chances` (with `seed`) replaces the seeded plan, `script` is
    /// added to the end of the script. Unknown members are refused.
    mutating func apply(_ json: Data) throws(FakeBrevo.FakeError) {
        guard var members = (try? JSONSerialization.jsonObject(with: json)) as? [String: Any] else {
            throw .chaosInvalid("the body must be a JSON object")
        }
        var changed = self
        if let clear = members.removeValue(forKey: "clear") {
            guard let clear = clear as? Bool else { throw .chaosInvalid("\"clear\" must be true or false") }
            if clear { changed = .calm }
        }
        let seed = members.removeValue(forKey: "seed")
        if let chances = members.removeValue(forKey: "chances") {
            guard let seed = (seed ?? 0) as? UInt64 else {
                throw .chaosInvalid("\"seed\" must be a whole number")
            }
            var read: [Chance] = []
            for var item in try Self.objects(chances, named: "chances") {
                guard let probability = item.removeValue(forKey: "probability") as? Double else {
                    throw .chaosInvalid("a chance needs a \"probability\"")
                }
                read.append(Chance(try FakeBrevo.Fault(from: &item), probability))
                try Self.refuseRest(item)
            }
            changed.replaceChances(with: try Self(seed: seed, chances: read))
        } else if seed != nil {
            throw .chaosInvalid("\"seed\" goes with \"chances\"")
        }
        if let script = members.removeValue(forKey: "script") {
            for var item in try Self.objects(script, named: "script") {
                guard let count = JSON.integer(item.removeValue(forKey: "count") ?? 1) else {
                    throw .chaosInvalid("\"count\" must be a whole number")
                }
                try changed.append(try FakeBrevo.Fault(from: &item), count: count)
                try Self.refuseRest(item)
            }
        }
        try Self.refuseRest(members)
        self = changed
    }

    /// The plan as JSON members: seed, chances and what is left of the script.
    var members: [String: Any] {
        [
            "seed": seed,
            "chances": chances.map { $0.fault.members.merging(["probability": $0.probability]) { $1 } },
            "script": script.map { $0.fault.members.merging(["count": $0.count]) { $1 } },
        ]
    }

    private static func objects(_ value: Any, named name: String) throws(FakeBrevo.FakeError) -> [[String:
        Any]]
    {
        guard let objects = value as? [[String: Any]] else {
            throw .chaosInvalid("\"\(name)\" must be an array of objects")
        }
        return objects
    }

    private static func refuseRest(_ members: [String: Any]) throws(FakeBrevo.FakeError) {
        if let name = members.keys.min() { throw .chaosInvalid("\"\(name)\" means nothing here") }
    }
}
