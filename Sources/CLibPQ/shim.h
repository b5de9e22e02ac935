// PostgreSQL's client library; where its header lies is known to pkg-config.
#ifndef SENDONCE_CLIBPQ_H
#define SENDONCE_CLIBPQ_H
#include <libpq-fe.h>
#endif
