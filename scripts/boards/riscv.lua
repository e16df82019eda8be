return {
  about = "a RISC-V with Zicbom: an invalidate spares no edge line",
  arch = "riscv",
  l1_sets = 64,
  l1_ways = 8,
  l1_policy = "plru",
  profile = "today",
}
