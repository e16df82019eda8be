#include "kernel/scatterlist.h"

#include "kernel/pages.h"

void sg_init_table(struct scatterlist *sg, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sg[i] = (struct scatterlist){ .page = SG_NO_PAGE, .last = i + 1 == n };
}

void sg_set_page(struct scatterlist *sg, paddr_t page, uint32_t length, uint32_t offset)
{
	sg->page = page;
	sg->offset = offset;
	sg->length = length;
}

void sg_set_buf(struct scatterlist *sg, vaddr_t va, uint32_t length)
{
	paddr_t pa = va - LINEAR_BASE;

	sg_set_page(sg, round_down(pa, PAGE_SIZE), length, (uint32_t)(pa & PAGE_MASK));
}

void sg_init_one(struct scatterlist *sg, vaddr_t va, uint32_t length)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, va, length);
}

uint32_t sg_nents(struct scatterlist *sg)
{
	uint32_t n = 0;

	for (; sg; sg = sg_next(sg))
		n++;
	return n;
}

vaddr_t sg_virt(const struct scatterlist *sg)
{
	return sg->page == SG_NO_PAGE ? 0 : phys_to_virt(sg_phys(sg));
}
