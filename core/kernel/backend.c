#include "kernel/backend.h"

#include "kernel/direct.h"
#include "kernel/iommu.h"

const struct backend *backend_of(const struct kernel *k, uint32_t dev)
{
	(void)dev;
	return board_translates(&k->hw->board) ? &iommu_backend : &direct_backend;
}
