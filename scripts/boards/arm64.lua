return {
  about = "a 64 bit ARM, Linux 5.19 or later: devices do not snoop, the bus has an offset",
}
