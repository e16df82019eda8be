#pragma once
/*
 * The rules about where a call may be made: in a handler, under a spinlock or with interrupts off
 * nobody may sleep. The kernel tells the context (cpu.context) and a call that may sleep where
 * nobody may (kernel.might_sleep); what they add up to is judged here. Everything one handler or
 * one section does wrong is one violation, with its count.
 */
#include "watch/rules.h"

void contexts_change(struct facts *f, const struct event *e);    /* cpu.context */
void contexts_sleep(struct facts *f, const struct event *e);     /* kernel.might_sleep */
void contexts_forget(struct facts *f);                           /* another machine */
