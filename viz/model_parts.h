#pragma once
/*
 * The parts the picture's side of a model is made of, for model.c alone: each opens, copies and
 * closes its own tables, and follows the events it has a use for.
 */
#include "viz/model.h"

void memory_open(struct model *m, uint64_t pages);       /* pages of RAM */
void memory_close(struct model *m);
void memory_copy(struct model *to, const struct model *from);
size_t memory_apart(const struct model *m, const struct model *from);
void memory_event(struct model *m, const struct event *e);

void stand_ins_open(struct model *m);
void stand_ins_close(struct model *m);
void stand_ins_copy(struct model *to, const struct model *from);
size_t stand_ins_apart(const struct model *m, const struct model *from);
void stand_ins_event(struct model *m, const struct event *e);

void devices_open(struct model *m);
void devices_close(struct model *m);
void devices_copy(struct model *to, const struct model *from);
size_t devices_apart(const struct model *m, const struct model *from);
void devices_event(struct model *m, const struct event *e);
