// The two ends of a transfer, each a person's act: the copy comes into force, or the log is taken back. Each
// makes sure that the other side cannot be in force too.
import SendonceCore
package import SendonceStore

package enum TransferConfirmation {
    /// Puts the copy in force. Without the source, the caller answers for it that it is sealed.
    ///
    /// Errors: `.refused` if the copy was not compared, was given up, or the source is not sealed for it.
    package static func confirm(
        _ copy: any TransferTarget, source: (any TransferSource)?, _ act: TransferAct
    ) throws(TransferError) -> AuthorityRecord {
        let known = try TransferError.storing { () throws(StoreError) in
            (here: try copy.authority(), there: try source?.authority())
        }
        guard let here = known.here else {
            throw .refused("this database is no copy: `sendonce transfer` makes one")
        }
        // It has no ledger: in force, it would send everything again.
        if here.isImport, here.state == .copy { throw .refused(here.refusal ?? "this log was imported") }
        if let there = known.there, there.isImport {
            throw .refused(
                "that log was imported, so its original may be in force where the file came from: only you "
                    + "can say that it is not; confirm with --source-lost")
        }
        if source != nil, known.there?.state != .moved || known.there?.transfer != here.transfer {
            throw .refused(
                "the log is not sealed for this copy at its source; both would send: run "
                    + "`sendonce \(here.command)`")
        }
        switch here.state {
        case .inForce: return here
        case .moved, .givenUp: throw .refused(here.refusal ?? "this copy is none any more")
        case .copy: break
        }
        guard here.digest != nil else {
            throw .refused("this copy is not complete, or differs: run `sendonce \(here.command)` again")
        }
        let confirmed = act.saying(source == nil ? "the old place was not asked" : nil)
            .record(.inForce, here.transfer, place: here.place, digest: here.digest)
        try TransferError.storing { () throws(StoreError) in try copy.record(confirmed) }
        return confirmed
    }

    /// Puts the log in force at its source again. The copy is given up first, for ever. Without the copy, the
    /// caller answers for it that it is not and will not be in force.
    ///
    /// Errors: `.refused` if the copy is in force.
    package static func takeBack(
        _ source: any TransferSource, copy: (any TransferTarget)?, _ act: TransferAct
    ) throws(TransferError) -> AuthorityRecord {
        let known = try TransferError.storing { () throws(StoreError) in
            (here: try source.authority(), there: try copy?.authority())
        }
        guard let here = known.here, here.state == .moved else {
            if known.here?.state == .inForce || known.here == nil {
                throw .refused("the log is in force here already")
            }
            throw .refused(known.here?.refusal ?? "the log did not move from here")
        }
        if let copy {
            guard let there = known.there, there.transfer == here.transfer else {
                throw .refused("that database is not the copy to which this log moved: name \(here.place)")
            }
            switch there.state {
            case .inForce, .moved:
                throw .refused(
                    "the copy was confirmed by \(there.actor) on \(there.recordedAt.shortText): transfer the "
                        + "log back from there, to a new database")
            case .givenUp: break
            case .copy:
                try TransferError.storing { () throws(StoreError) in
                    try copy.record(act.record(.givenUp, here.transfer, place: there.place))
                }
            }
        }
        let taken = act.saying(copy == nil ? "the copy was not asked" : nil)
            .record(.inForce, here.transfer, place: here.place)
        try TransferError.storing { () throws(StoreError) in try source.takeBack(taken) }
        return taken
    }
}
