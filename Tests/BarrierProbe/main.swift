// `without-seccomp PROGRAM …` becomes a program that cannot install a filter, as on a kernel that has none.
// Otherwise: tries one side effect, behind the kernel's barrier or without it, and says what came of it.
// The tests run it as a process of its own, because the barrier cannot be lifted again.
import CSeccomp
import CSideEffect
import Glibc
import SendonceBarrier

let arguments = CommandLine.arguments
if arguments.count > 2, arguments[1] == "without-seccomp" { becomeWithoutFilters(Array(arguments[2...])) }
guard arguments.count == 4, ["open", "closed"].contains(arguments[1]) else {
    print("usage: barrier-probe (open|closed) EFFECT PATH")
    exit(64)
}
// A thread that exists before the barrier is to be covered as well.
guard side_effect_prepare() == 0 else { exit(2) }
if arguments[1] == "closed" {
    let state = KernelBarrier.install()
    guard state == .inForce else {
        print("not in force: \(state)")
        exit(2)
    }
}
switch side_effect(arguments[2], arguments[3]) {
case 0: print("happened")
case EPERM: print("refused")
case -1:
    print("no such effect")
    exit(64)
case let error: print("failed: \(String(cString: strerror(error)))")
}

func becomeWithoutFilters(_ words: [String]) -> Never {
    guard let filter = cseccomp_begin() else { exit(2) }
    // PR_SET_SECCOMP of linux/prctl.h: the older way to install a filter.
    let setSeccomp: UInt64 = 22
    guard cseccomp_refuse(filter, "seccomp", ENOSYS) == 0,
        cseccomp_refuse_bits(filter, "prctl", EINVAL, 0, .max, setSeccomp) == 0, cseccomp_load(filter) == 0
    else { exit(2) }
    execv(words[0], words.map { strdup($0) } + [nil])
    exit(2)
}
