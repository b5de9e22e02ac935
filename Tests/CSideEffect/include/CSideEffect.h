// Side effects that a projector might have, each in as few calls as it takes.
#ifndef SENDONCE_CSIDEEFFECT_H
#define SENDONCE_CSIDEEFFECT_H

/// Starts a thread that waits for `side_effect("early-thread", …)`. Returns 0, or an errno.
int side_effect_prepare(void);

/// Tries the effect of this name. `path` is a file for the effects that need one. Returns 0 if it happened, an
/// errno if it was refused, -1 for a name that is not known.
int side_effect(const char *name, const char *path);

#endif
