// libseccomp, as far as Swift cannot call it: rules with conditions are variadic, actions are macros.
#ifndef SENDONCE_CSECCOMP_H
#define SENDONCE_CSECCOMP_H
#include <stdint.h>

/// A filter under construction that allows all that it does not name. NULL if there is no memory.
void *cseccomp_begin(void);

/// Lets a call fail with `error`. Returns 0, or a negative errno; 0 also where this machine has no such call.
int cseccomp_refuse(void *filter, const char *call, int error);

/// The same where `mask` of the argument at `index` (from 0) has the value `bits`.
int cseccomp_refuse_bits(
    void *filter, const char *call, int error, unsigned int index, uint64_t mask, uint64_t bits);

/// Puts the filter in force for all threads of this process and all that they start, for good; frees it.
/// Returns 0, or a negative errno.
int cseccomp_load(void *filter);

#endif
