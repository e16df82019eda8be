return {
  base = "arm64",
  about = "the same machine under a kernel before 5.19: map FROM_DEVICE drops lines instead of " ..
      "cleaning",
  arch = "arm64-pre-5.19",
}
