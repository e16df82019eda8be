-- PCI: the DMA API of a subsystem, derived from the generic one. Each of these was an inline
-- function of a line (include/linux/pci-dma-compat.h) that named &pdev->dev; Linux 5.18 removed
-- them.

local rows = {}

-- The generic call with the device in front, as all of them were.
local function row(name, args, returns, like, help, run)
  rows[#rows + 1] = { name, args, returns, help, like = like, run = run or _ENV[like] }
end

local function alloc(pdev, size) return dma_alloc_coherent(pdev, size, GFP_ATOMIC) end

row("pci_alloc_consistent", "pdev, size", "va, dma; or nil", "dma_alloc_coherent",
    "memory for both sides: dma_alloc_coherent(&pdev->dev, size, &dma, GFP_ATOMIC)", alloc)
row("pci_zalloc_consistent", "pdev, size", "va, dma; or nil", "dma_alloc_coherent",
    "the same; what dma_alloc_coherent gives is zeroed anyway", alloc)
row("pci_free_consistent", "pdev, size, va, dma", "", "dma_free_coherent",
    "give it back: dma_free_coherent(&pdev->dev, size, va, dma)")

row("pci_map_single", "pdev, va, size, dir", "dma or DMA_MAPPING_ERROR", "dma_map_single",
    "give a buffer to the device: dma_map_single(&pdev->dev, va, size, dir)")
row("pci_unmap_single", "pdev, dma, size, dir", "", "dma_unmap_single",
    "take it back for good: dma_unmap_single(&pdev->dev, dma, size, dir)")
row("pci_map_page", "pdev, page, offset, size, dir", "dma or DMA_MAPPING_ERROR", "dma_map_page",
    "by struct page: dma_map_page(&pdev->dev, page, offset, size, dir)")
row("pci_unmap_page", "pdev, dma, size, dir", "", "dma_unmap_page",
    "undo it: dma_unmap_page(&pdev->dev, dma, size, dir)")
row("pci_map_sg", "pdev, sg, nents, dir", "segments, or 0", "dma_map_sg",
    "give a list to the device: dma_map_sg(&pdev->dev, sg, nents, dir)")
row("pci_unmap_sg", "pdev, sg, nents, dir", "", "dma_unmap_sg",
    "take it back: dma_unmap_sg(&pdev->dev, sg, nents, dir)")
row("pci_dma_mapping_error", "pdev, dma", "0, or -ENOMEM (-12)", "dma_mapping_error",
    "did the map fail? dma_mapping_error(&pdev->dev, dma)")

for _, whom in ipairs { "cpu", "device" } do
  row("pci_dma_sync_single_for_" .. whom, "pdev, dma, size, dir", "",
      "dma_sync_single_for_" .. whom,
      "dma_sync_single_for_" .. whom .. "(&pdev->dev, dma, size, dir)")
  row("pci_dma_sync_sg_for_" .. whom, "pdev, sg, nents, dir", "", "dma_sync_sg_for_" .. whom,
      "dma_sync_sg_for_" .. whom .. "(&pdev->dev, sg, nents, dir)")
end

row("pci_set_dma_mask", "pdev, mask", "0, or -EIO (-5)", "dma_set_mask",
    "which addresses streaming mappings may have: dma_set_mask(&pdev->dev, mask)")
row("pci_set_consistent_dma_mask", "pdev, mask", "0, or -EIO (-5)", "dma_set_coherent_mask",
    "which addresses allocations may have: dma_set_coherent_mask(&pdev->dev, mask)")

return {
  name = "pci (until Linux 5.17)",
  rows = rows,
  constants = {
    { "PCI_DMA_BIDIRECTIONAL", DMA_BIDIRECTIONAL, "DMA_BIDIRECTIONAL of PCI, until Linux 5.17" },
    { "PCI_DMA_TODEVICE", DMA_TO_DEVICE, "DMA_TO_DEVICE of PCI, until Linux 5.17" },
    { "PCI_DMA_FROMDEVICE", DMA_FROM_DEVICE, "DMA_FROM_DEVICE of PCI, until Linux 5.17" },
    { "PCI_DMA_NONE", DMA_NONE, "DMA_NONE of PCI, until Linux 5.17; no call takes it" },
  },
}
