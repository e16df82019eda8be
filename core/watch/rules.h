#pragma once
/*
 * The rules a driver can break (rules.def), each judged at the event that can break it, from what
 * the trace has told so far.
 */
#include "trace.h"
#include "watch/ownership.h"
#include "watch/violation.h"

struct facts {
	bool strict;                 /* ownership counts on coherent boards too */
	struct shadow shadow;        /* every copy of every byte */
	struct ownership ownership;  /* who may touch what */
	struct violations violations;
	struct { uint64_t call, pa, size; } excused;   /* bytes the call in progress may drop */
	struct { uint64_t from, to; } clamped;         /* the last address a device's mask cut */
	uint64_t last_op;            /* number of the last cache.op event */
};

/* A write-back or a drop is judged before the shadow follows it, for it destroys what is compared. */
void rules_load(struct facts *f, const struct trace *t, const struct event *e);
void rules_store(struct facts *f, const struct event *e);
void rules_device_read(struct facts *f, const struct trace *t, const struct event *e);
void rules_device_write(struct facts *f, const struct trace *t, const struct event *e);
void rules_bus_fault(struct facts *f, const struct trace *t, const struct event *e);
void rules_write_back(struct facts *f, const struct trace *t, const struct event *e);
void rules_drop(struct facts *f, const struct event *e);
void rules_bad_free(struct facts *f, const struct event *e);
