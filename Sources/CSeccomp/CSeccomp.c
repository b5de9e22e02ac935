#include "CSeccomp.h"

#include <seccomp.h>
#include <stddef.h>

void *cseccomp_begin(void) {
    return seccomp_init(SCMP_ACT_ALLOW);
}

int cseccomp_refuse(void *filter, const char *call, int error) {
    int number = seccomp_syscall_resolve_name(call);
    if (number == __NR_SCMP_ERROR) return 0;
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(error), number, 0, NULL);
}

int cseccomp_refuse_bits(
    void *filter, const char *call, int error, unsigned int index, uint64_t mask, uint64_t bits) {
    int number = seccomp_syscall_resolve_name(call);
    if (number == __NR_SCMP_ERROR) return 0;
    struct scmp_arg_cmp condition = {index, SCMP_CMP_MASKED_EQ, mask, bits};
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(error), number, 1, &condition);
}

int cseccomp_load(void *filter) {
    int result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (result == 0) result = seccomp_load(filter);
    seccomp_release(filter);
    return result;
}
