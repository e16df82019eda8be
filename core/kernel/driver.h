#pragma once
/*
 * Which driver a device has (drivers/base/dd.c, really_probe and __device_release_driver). The
 * driver itself, its probe and its remove, is the script's: the kernel knows it by name, and gives
 * back what is managed (devres) when it goes.
 */
#include "kernel/kernel.h"

/* 0, or -EBUSY: the device has a driver already. A name is cut to DRIVER_NAME - 1 bytes. */
must_check int driver_bind(struct kernel *k, uint32_t dev, const char *name);

/*
 * The driver lets go, or its probe has failed. Managed memory goes first, then whoever watches
 * hears of it, as in Linux; there dma-debug is not told of a probe that failed.
 */
void driver_unbind(struct kernel *k, uint32_t dev, bool probe_failed);

/* Its name, "" for none. */
const char *driver_name(const struct kernel *k, uint32_t dev);
