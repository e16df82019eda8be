return {
  base = "x86",
  about = "the PC with an IOMMU: a device reaches what is mapped for it, in that direction, and " ..
      "no more",
  iommu = "strict",
  dma_mask_bits = 32,
}
