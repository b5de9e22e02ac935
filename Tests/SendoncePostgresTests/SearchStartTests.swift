// Where searches begin, and when surveys are made: values.
import SendoncePostgres
import Testing

@Suite struct SearchStartTests {
    private let dear = SearchStart.cheap
    private let begun = Int64.min
    private let cheap = SearchStart.cheap - .microseconds(1)

    /// Has found something at 1,000, in as many dear searches as make it go no further than that.
    private func start(at reach: Reach, place: Int64? = 1_000) -> SearchStart {
        var start = SearchStart(near: 10, middle: 100)
        while start.reach != reach { start.note(first: place, begun: begun, cost: dear) }
        return start
    }

    @Test("A search that is cheap begins at the very beginning, always")
    func whole() {
        var start = SearchStart(near: 10, middle: 100)
        #expect(start.start == .min)
        for _ in 1...9 { start.note(first: 1_000, begun: begun, cost: cheap) }
        #expect(start.start == .min)
        #expect(start.range(.whole) == nil)
    }

    @Test("Two dear searches in a row make it go less far back; one alone does not")
    func nearer() {
        var start = SearchStart(near: 10, middle: 100)
        for cost in [dear, cheap, dear] { start.note(first: 1_000, begun: begun, cost: cost) }
        #expect(start.reach == .whole)
        start.note(first: 1_000, begun: begun, cost: dear)
        #expect((start.reach, start.start) == (.middle, 900))
        start.note(first: 2_000, begun: begun, cost: dear)
        #expect((start.reach, start.start) == (.near, 1_990))
        start.note(first: nil, begun: begun, cost: dear)
        start.note(first: nil, begun: begun, cost: dear)
        #expect((start.reach, start.start) == (.near, 1_990))
    }

    @Test("What costs nothing to know moves the place and nothing else")
    func free() {
        var start = start(at: .near)
        start.note(first: 5_000, begun: begun)
        #expect(start.start == 4_990)
        start.note(first: nil, begun: begun)
        #expect(start.start == 4_990)
    }

    @Test("A dear search that found nothing lets the next one begin where it ended, never further back")
    func nothing() {
        var start = start(at: .near)
        start.note(first: nil, begun: begun, end: 7_000, cost: cheap)
        #expect(start.place == 1_000)
        start.note(first: nil, begun: begun, end: 7_000, cost: dear)
        #expect(start.place == 7_000)
        start.note(first: nil, begun: begun, end: 6_000, cost: dear)
        #expect(start.place == 7_000)
    }

    @Test("Where nothing was ever found, a search that would be dear is not made, and a survey is")
    func nowhere() {
        var start = start(at: .near, place: nil)
        #expect(start.start == nil)
        #expect(start.range(.whole) == .min ..< .max)
        start.bringBack(to: 70)
        #expect(start.start == 60)
    }

    @Test("A survey looks through what searches leave out, up to where they begin")
    func ranges() {
        #expect(start(at: .near).range(.middle) == 900..<990)
        #expect(start(at: .near).range(.whole) == .min..<990)
        #expect(start(at: .middle).range(.middle) == nil)
        #expect(start(at: .middle).range(.whole) == .min..<900)
        #expect(start(at: .near, place: .min + 5).range(.whole) == nil)
    }

    @Test("A cheap survey lets searches go as far back themselves again")
    func cheapSurvey() {
        var start = start(at: .near)
        start.note(.middle, cost: dear)
        #expect(start.reach == .near)
        start.note(.middle, cost: cheap)
        #expect(start.reach == .middle)
        start.note(first: 1_000, begun: begun, cost: dear)
        start.note(.whole, cost: cheap)
        start.note(first: 1_000, begun: begun, cost: dear)
        #expect(start.reach == .whole)
    }

    @Test("What a survey finds brings the place back, never forward")
    func back() {
        var start = start(at: .near)
        start.bringBack(to: 2_000)
        #expect(start.place == 1_000)
        start.bringBack(to: 50)
        #expect(start.place == 50)
    }

    @Test("A search that began before a survey brought the place back does not move it forward again")
    func overtaken() {
        var start = start(at: .near)
        start.bringBack(to: 50)
        start.note(first: 1_000, begun: 990, end: 2_000, cost: dear)
        #expect(start.place == 50)
        start.note(first: 60, begun: 40, cost: dear)
        #expect(start.place == 60)
    }

    @Test("Surveys of one reach take a thirtieth of the time; one that could not take in all goes on soon")
    func pace() {
        var pace = SurveyPace()
        let now = ContinuousClock.now
        #expect(pace.isDue(.whole, at: now))
        pace.note(.whole, from: now, to: now + .seconds(1), goOn: false)
        #expect(pace.isDue(.middle, at: now))
        #expect(!pace.isDue(.whole, at: now + .milliseconds(29_999)))
        #expect(pace.isDue(.whole, at: now + .seconds(30)))
        pace.note(.middle, from: now, to: now, goOn: false)
        #expect(!pace.isDue(.middle, at: now + SurveyPace.shortestRest - .microseconds(1)))
        pace.note(.whole, from: now, to: now + .seconds(1), goOn: true)
        #expect(pace.isDue(.whole, at: now + .seconds(1) + SurveyPace.shortestRest))
    }
}
