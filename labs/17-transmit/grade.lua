-- Two packets, in more descriptors than the ring has; clean() is asked while the card is still
-- reading as well. What was sent is asked of the card.

local nic = devices.nic
local LOOKS, PAUSE = 3, 200   -- how often clean() is asked, and the cycles between
local HANGS = 200000          -- cycles: far more than the card needs for a packet

-- The packets, each { header =, pieces = { { offset =, text = } } }.
local function packets_of(v)
  local list, n = {}, 0
  for i, header in ipairs(v.headers) do
    list[i] = { header = header, pieces = {} }
    for k = 1, v.pages[i] do
      n = n + 1
      list[i].pieces[k] = { offset = v.offsets[n], text = v.texts[n] }
    end
  end
  return list
end

-- Pages with the payload of a packet in them.
local function payload_of(wanted)
  local payload = {}
  for i, piece in ipairs(wanted.pieces) do
    local va = __get_free_pages(GFP_KERNEL, 0)
    write(va + piece.offset, piece.text)
    payload[i] = { page = virt_to_page(va), offset = piece.offset, bytes = #piece.text }
  end
  return payload
end

-- What went over the wire, piece by piece.
local function compare(wanted, which)
  local sent, at = nic:sent(), 1
  local function part(text, name)
    expect(sent:sub(at, at + #text - 1), text, name .. " of packet " .. which .. ", on the wire,")
    at = at + #text
  end
  part(wanted.header, "the header")
  for i, piece in ipairs(wanted.pieces) do part(piece.text, "page " .. i) end
  expect(#sent, at - 1, "the length of packet " .. which .. " on the wire")
end

local function send(student, wanted, which)
  student.xmit(wanted.header, payload_of(wanted))
  local cleaned = 0
  for _ = 1, LOOKS do
    cleaned = cleaned + student.clean()
    run(PAUSE)
  end
  expect(nic:wait(HANGS), true, "that the card is done with packet " .. which)
  compare(wanted, which)
  expect(cleaned + student.clean(), 1, "what clean() counts for packet " .. which)
end

return {
  title = "A packet in pieces",
  teaches = { "M30", "M18", "M26", "M15" },
  slides = { "DMA memory constraints", "Setting up streaming mappings", "DMA summary" },
  boards = { "arm64", "x86" },

  draw = function(d)
    local v = { pages = d:pick { { 1, 2 }, { 2, 1 } }, headers = {}, offsets = {}, texts = {} }
    for i = 1, 2 do v.headers[i] = d:text(d:number(14, 54)) end
    for i = 1, 3 do v.offsets[i], v.texts[i] = d:number(0, 3000, 4), d:text(d:number(16, 90)) end
    return v
  end,

  play = function(student, v)
    student.open(3)
    for i, wanted in ipairs(packets_of(v)) do send(student, wanted, i) end
    student.close()
  end,

  checks = {
    { "the card sends both packets, when all is calm", points = 2,
      property = { "right", bound = 0 }, code = "M18" },
    { "the card sends both packets, on every schedule", points = 2, property = "right" },
    { "no rule of the DMA API is broken", points = 3, property = "rules" },
    { "each mapping is checked", points = 1,
      property = { "rules", "map-error-unchecked", bound = 0 }, code = "M15" },
    { "nothing is left mapped or allocated", points = 2, property = "nothing_left", code = "M22" },
  },

  bound = 1,
  hints = {
    "What the card sent tells how much of the packet it was given. How many bytes lie at " ..
        "skb.data? skb.len is not the answer: `help skb_headlen`.",
    "One descriptor for the header, one for each of skb_shinfo(skb).frags, and LAST in the last " ..
        "of them alone. Each has a mapping, and each mapping has to be remembered until it is " ..
        "undone: in a table of your own, beside the skb.",
    "xmit() ends before the card has begun. So xmit() writes down what clean() has to undo, and " ..
        "clean() asks a descriptor of the packet whether the card has given it back: which one " ..
        "is given back last? And look at the doorbell: `help writel_relaxed`.",
  },
}
