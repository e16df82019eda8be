-- Habits of C at the prompt, and what to write instead.

local habits = {}

local compile = core.compile

local types = {}
for _, word in ipairs { "void", "char", "short", "int", "long", "unsigned", "signed", "bool",
    "const", "static", "volatile", "struct", "enum", "__iomem", "u8", "u16", "u32", "u64", "s8",
    "s16", "s32", "s64", "__le16", "__le32", "__le64", "__be32" } do
  types[word] = true
end

local function is_type(word) return types[word] or word:find("_t$") ~= nil end

-- Without what stands in quotes or in a comment, so that no pattern finds anything there.
function habits.bare(line)
  return (line:gsub("\\.", ""):gsub('"[^"\n]*"', '""'):gsub("'[^'\n]*'", "''")
      :gsub("%-%-[^\n]*", ""))
end

local function trimmed(s) return (s:gsub("^%s+", ""):gsub("[%s;]+$", "")) end

-- The small differences of an expression.
local function as_lua(c)
  return (trimmed(c):gsub("%f[%w_]NULL%f[^%w_]", "nil"):gsub("!=", "~="):gsub("&&", "and")
      :gsub("||", "or"):gsub("!%s*", "not "):gsub("([%(,=]%s*)&([%a_])", "%1%2")
      :gsub("%->", "."):gsub("^%(%s*[%a_][%w_ ]*%*%s*%)%s*", ""))
end

-- "; write x = 5", when that is Lua.
local function instead(c)
  local lua = as_lua(c)
  return compile(lua) and "; write " .. lua or ""
end

-- `u8 *buf = kmalloc(256);` `int i;` `u8 buf[64];`
local function declaration(line)
  local first = line:match("^%s*([%a_][%w_]*)")
  if not first or not is_type(first) then return end
  local of_type, name, rest = line:match("^%s*([%a_][%w_%s%*]-[%s%*])([%a_][%w_]*)%s*(.*)$")
  while name and (is_type(name) or of_type:find("struct%s+$") or of_type:find("enum%s+$")) do
    local more, next_name, next_rest = rest:match("^([%s%*]*)([%a_][%w_]*)%s*(.*)$")
    if not next_name then return end
    of_type, name, rest = of_type .. name .. more, next_name, next_rest
  end
  if not name then return end
  if rest:find("^%(") then return "a function is written function " .. name .. "(a, b) ... end" end
  local room = rest:match("^%[%s*(%w+)%s*%]")
  if room and of_type:find("scatterlist") then
    return "write " .. name .. " = scatterlist(" .. room .. ")"
  end
  if room then
    return "memory comes from the kernel: write " .. name .. " = kmalloc(" .. room .. ")"
  end
  return "Lua has no types" .. (rest:find("^=") and instead(name .. " " .. rest)
      or "; " .. name .. " = 0 makes a variable")
end

-- `*p = 1` and `x = *p`, where nothing stands before the star to multiply.
local function through_pointer(line)
  local name = line:match("^%s*%*%s*([%a_][%w_]*)") or line:match("[=%(,]%s*%*%s*([%a_][%w_]*)")
  return name and "load(" .. name .. ", 1) reads the byte at " .. name .. ", store(" .. name
      .. ", value, 1) writes it"
end

-- Calls that answer in C through a pointer, and what they give here.
local second_results = { dma_alloc_coherent = "dev, size", dma_pool_alloc = "pool",
    dma_pool_zalloc = "pool", pci_alloc_consistent = "dev, size", usb_alloc_coherent = "dev, size" }

local function second_result(line)
  local call, rest = line:match("([%w_]+)%s*(%b())")
  local arguments = second_results[call]
  local handle = arguments and rest:match("&%s*([%a_][%w_]*)%s*[,%)]")
  if not handle then return end
  local target = line:match("([%a_][%w_]*)%s*=[^=]") or "cpu"
  return "what C returns through a pointer is a second result; write " .. target .. ", " .. handle
      .. " = " .. call .. "(" .. arguments .. ")"
end

-- Locks are names here: nobody needs their memory.
local function lock(line)
  local call, name = line:match("%f[%w_](spin_[%w_]*lock[%w_]*)%s*%(%s*&[%w_%->%.]-" ..
      "([%a_][%w_]*)%s*[,%)]")
  if not call then return end
  if call == "spin_lock_irqsave" then
    return "a lock is a name here; write flags = spin_lock_irqsave(\"" .. name .. "\")"
  end
  local flags = call == "spin_unlock_irqrestore" and ", flags" or ""
  return "a lock is a name here; write " .. call .. "(\"" .. name .. "\"" .. flags .. ")"
end

-- `if (dma_mapping_error(dev, h)) ...`: what is 0 when all is well is no condition in Lua.
local function error_check(line)
  local call = line:match("%f[%w_]if%s*%(.-([%w_]*mapping_error%s*%b())")
  return call and "0 is true in Lua; write if " .. as_lua(call) .. " ~= 0 then ... end"
end

local function each_entry(line)
  local word = "([%w_]+)%s*"
  local list, entry, n, i = line:match("for_each_sg%s*%(%s*" .. word .. ",%s*" .. word .. ",%s*"
      .. word .. ",%s*" .. word .. "%)")
  return list and "write for " .. entry .. ", " .. i .. " in for_each_sg(" .. list .. ", " .. n
      .. ") do ... end"
end

local function address_of(line)
  local name = line:match("[%(,=]%s*&%s*([%a_][%w_]*)") or line:match("^%s*&%s*([%a_][%w_]*)")
  if not name then return end
  return "there is no & of a variable in Lua; write " .. name .. ", not &" .. name
end

local function increment(line)
  local name = line:match("([%a_][%w_]*)%s*%+%+") or line:match("%+%+%s*([%a_][%w_]*)")
  if name then return "there is no ++ in Lua; write " .. name .. " = " .. name .. " + 1" end
  local changed, operator, by = line:match("([%a_][%w_]*)%s*([%+%-%*/|&%%])=%s*([^=].*)$")
  if not changed then changed, operator, by = line:match("([%a_][%w_]*)%s*([<>][<>])=%s*(.*)$") end
  if changed then
    return "there is no " .. operator .. "= in Lua; write " .. changed .. " = " .. changed .. " "
        .. operator .. " " .. trimmed(by)
  end
end

local function number(line)
  local digits = line:match("%f[%w_](0?[xX]?%x+)[uU]?[lL][lL]?%f[^%w_]")
      or line:match("%f[%w_](0?[xX]?%x+)[uU]%f[^%w_]")
  if digits and tonumber(digits) then return "numbers have no suffix in Lua; write " .. digits end
  local count, unit = line:match("%f[%w_](%d+)([KMG])%f[^%w_]")
  if count then
    local shift = unit == "K" and 10 or unit == "M" and 20 or 30
    return 'write "' .. count .. unit .. '" in quotes for a setting, ' .. count .. " << " .. shift
        .. " in a calculation"
  end
end

-- A pattern and what to say, or a function that answers nil where the habit is another one. The
-- first that fits is said.
local in_lines = {
  { "^%s*//", "a comment begins with -- in Lua" },
  { "^%s*/%*", "a comment begins with -- in Lua; --[[ and ]] stand around a long one" },
  { "^%s*#%s*include", "no header is needed: every call is there; help functions lists them" },
  { "^%s*#%s*define", "a name gets its value by = in Lua, as in: SIZE = 64" },
  { error_check }, { lock }, { second_result }, { each_entry },
  { "&%s*[%w_]+%->dev%f[^%w_]", "the device is called dev here: write dev, not &pdev->dev" },
  { "%f[%w_]else%s+if%f[^%w_]", "write elseif, in one word" },
  { "%f[%w_]for%s*%(", "a loop is written for i = 0, 9 do ... end" },
  { "%f[%w_]while%s*%(%s*1%s*%)", "a loop is written while true do ... end" },
  { "%f[%w_]while%s*%b()%s*[^%sd]", "a loop is written while x < 9 do ... end" },
  { "%f[%w_]do%s*{", "a loop is written repeat ... until x > 9" },
  { declaration },
  { "!=", "not equal is written ~= in Lua" },
  { "&&", "write and, not &&" },
  { "||", "write or, not ||" },
  { "%f[%w_]if%s*%b()%s*[^%st]", "a condition is written if x == 0 then ... end" },
  { "!", "write not, not !" },
  { increment },
  { "%->", "a field is written with a dot in Lua: dev.bar" },
  { address_of },
  { through_pointer },
  { "%(%s*[%a_][%w_%s]*%*%s*%)", "there are no casts in Lua: load(p, 4) reads 4 bytes at p" },
  { "%?[^:]*:", "write (x and a or b), not x ? a : b" },
  { "^%s*}", "a block ends with end in Lua" },
  { "%)%s*{%s*$", "a block is written do ... end, then ... end or function f(x) ... end" },
  { number },
  { "/[/%*]", "a comment begins with -- in Lua" },
}

-- What to write instead of a line that is no Lua; nil when nothing looks like C.
function habits.of_line(line)
  local bare = habits.bare(line)
  for _, habit in ipairs(in_lines) do
    local what, words = habit[1], habit[2]
    if type(what) == "function" then
      words = what(bare == line and bare or line)
    elseif not bare:find(what) then
      words = nil
    end
    if words then return words end
  end
end

-- A line Lua would go on reading although C has ended it: `while (1) {`.
function habits.never_ends(line)
  local bare = habits.bare(line)
  return bare:find("^%s*while%s*%b()%s*{") or bare:find("^%s*for%s*%(") or
      bare:find("^%s*for_each[%w_]*%s*%b()%s*{") or
      bare:find("^%s*if%s*%b()%s*{") or bare:find("^%s*#%s*include") or bare:find("^%s*#%s*define")
end

local logged = "write print(string.format(\"%d bytes\", n))"
local waits = "run(cycles) lets time pass"

-- Names of C and of the kernel that are none here.
local names = {
  NULL = "write nil",
  sizeof = "there are no types: give the number of bytes; ksize(buf) tells a block's",
  printf = logged, printk = logged, pr_info = logged, pr_err = logged, pr_debug = logged,
  dev_info = logged, dev_err = logged, dev_dbg = logged,
  malloc = "write kmalloc", calloc = "write kzalloc", free = "write kfree",
  udelay = waits, mdelay = waits, ndelay = waits, msleep = waits, usleep_range = waits,
  ioread32 = "write readl", iowrite32 = "write writel",
  virt_to_bus = "dma_map_single gives the address for a device",
  dma_addr_t = "Lua has no types; write h = dma_map_single(...)",
  to_device = 'write "to_device" in quotes', from_device = 'write "from_device" in quotes',
  bidirectional = 'write "bidirectional" in quotes',
}

function habits.of_name(name) return names[name] end

return habits
