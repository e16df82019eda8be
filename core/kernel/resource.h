#pragma once
/*
 * Who claims which physical addresses (kernel/resource.c): the tree behind /proc/iomem, two levels
 * deep. The board's own entries (System RAM, Kernel code, device registers) are there from boot.
 */
#include "kernel/kernel.h"

void resource_init(struct kernel *k);

/*
 * request_mem_region: 0, -EBUSY (-16) on overlap with a busy region, -EINVAL (-22) for a range that
 * is empty or wraps, -ENOMEM (-12) when the table is full. The name is cut to NAME_MAX_LEN - 1.
 */
must_check int resource_request(struct kernel *k, paddr_t start, uint64_t size, const char *name);

/* False when no busy region is exactly this range. */
must_check bool resource_release(struct kernel *k, paddr_t start, uint64_t size);
