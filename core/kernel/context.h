#pragma once
/*
 * What the CPU is doing, and who may interrupt it (include/linux/preempt.h, kernel/irq/manage.c).
 *
 * In process context a driver may sleep: wait while somebody else uses the CPU. It may not where
 * the CPU cannot be given away: under a spinlock, with preemption or interrupts off (atomic), and
 * in an interrupt handler (irq). Each change is told (cpu.context, irq.request, irq.enable), and so
 * is a call that may sleep where nobody may (kernel.might_sleep): as in Linux it warns and goes on.
 *
 * Kept: one CPU, locks that only mark a section, the nesting of preempt_disable, flags of
 * spin_lock_irqsave, level triggered lines, their depth, the line nobody acknowledges. Left out:
 * threads, softirqs, shared lines, waiting for a lock: who would wait for himself is refused.
 *
 * A handler is the driver's code; who runs it asks context_pending at points where that can be
 * done, and puts context_enter_irq and context_exit_irq around it. What it is, is not kept here.
 */
#include "kernel/kernel.h"

#define IRQ_CYCLES    50     /* from the end of a handler until its line is looked at again */
#define IRQ_RUNS_MAX  100    /* runs of a handler without the line going down (Linux: 99900) */
#define CYCLES_PER_US 1000   /* a CPU of 1 GHz, as in dmesg */

enum context context_now(const struct kernel *k);
bool context_irqs_off(const struct kernel *k);       /* irqs_disabled() */
bool context_in_interrupt(const struct kernel *k);   /* in_interrupt() */
bool context_in_atomic(const struct kernel *k);      /* in_atomic(): irqs_off alone is not seen */

/*
 * A call of this sort is made that may sleep. Nothing happens in process context; elsewhere it is
 * told, and logged as Linux does.
 */
void context_might_sleep(struct kernel *k, enum sleeper who);

/* An allocation: one that may reclaim memory (GFP_KERNEL) may sleep, GFP_ATOMIC may not. */
static inline void context_might_alloc(struct kernel *k, enum sleeper who, uint32_t gfp)
{
	if (gfp & GFP_DIRECT_RECLAIM)
		context_might_sleep(k, who);
}

/* Spinlocks by name. False: this one is held already, or LOCKS_MAX are; it is not held. */
must_check bool context_lock(struct kernel *k, const char *name);
must_check bool context_unlock(struct kernel *k, const char *name);
bool context_holds(const struct kernel *k, const char *name);

/* Interrupts off (local_irq_disable) or on. Answers whether they were off: the flags of irqsave. */
bool context_set_irqs(struct kernel *k, bool off);

/* preempt_disable and preempt_enable; false: enabled more often than disabled. */
must_check bool context_preempt(struct kernel *k, bool off);

/* 0, or -EBUSY: the line has a handler. */
must_check int context_request_irq(struct kernel *k, uint32_t dev, const char *name);
void context_free_irq(struct kernel *k, uint32_t dev);

/* Its handler goes when the driver leaves the device (devres): context_release_irq. */
void context_manage_irq(struct kernel *k, uint32_t dev);
void context_release_irq(struct kernel *k, uint32_t dev);

void context_disable_irq(struct kernel *k, uint32_t dev);
void context_enable_irq(struct kernel *k, uint32_t dev);

/* Is there a line that is up, has a handler, and may interrupt now? The lowest one. */
must_check bool context_pending(const struct kernel *k, uint32_t *dev);

/*
 * Around a handler, which runs with interrupts off. Behind it the line is looked at: it stays up
 * until the device is told that it has been heard. When nobody does that, it is switched off.
 */
void context_enter_irq(struct kernel *k, uint32_t dev);
void context_exit_irq(struct kernel *k, uint32_t dev);

/* Let time pass until this cycle, or until a handler has to run. */
void context_pass(struct kernel *k, uint64_t until);

/* Will anything happen by itself: a device at work, a line on its way up? */
bool context_expects(const struct kernel *k);

/* Tell the present context, where it is not the one everybody begins with. */
void context_keyframe(struct kernel *k);
