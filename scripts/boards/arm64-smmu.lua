return {
  base = "arm64",
  about = "the 64 bit ARM with an IOMMU (SMMU), flushed lazily: devices do not snoop",
  iommu = "lazy",
}
