-- Undo for what Lua keeps beside the machine: urbs, packets, scatterlists, completions. Their
-- contents are copied, as core.mark copies the machine, and compared after each line. Nobody pays
-- for it in a script, where there is no undo.

local objects = {}

local weak = { __mode = "k" }

local known = {}        -- those there are: the keys of a weak table
local before = {}       -- by object: its contents when the line began
local current = false   -- no line was played since `before` was made
local steps = {}        -- of each step of undo: by object, the contents to put back

-- From here on objects are known. Older ones undo leaves as they are.
function objects.watch()
  known = setmetatable({}, weak)
  core.objects = known
end

local function copy_of(object)
  if type(object) == "userdata" then return core.copy(object) end
  local fields = {}
  for name, value in next, object do fields[name] = value end
  return fields
end

local function has_changed(object, copy)
  if type(object) == "userdata" then return core.changed(copy) end
  for name, value in next, object do
    if not rawequal(copy[name], value) then return true end
  end
  for name in next, copy do
    if rawget(object, name) == nil then return true end
  end
  return false
end

local function put_back(object, copy)
  if type(object) == "userdata" then return core.put_back(copy) end
  for name in next, object do rawset(object, name, copy[name]) end
  for name, value in next, copy do rawset(object, name, value) end
end

-- A line begins. What the last one left is known, unless it was no step or took something back.
function objects.mark()
  core.mark()
  if not current then
    before = setmetatable({}, weak)
    for object in next, known do before[object] = copy_of(object) end
  end
  current = false
end

-- By object, the contents it had before the line that changed it.
local function changes()
  local changed = {}
  for object in next, known do
    local copy = before[object]
    if copy and has_changed(object, copy) then changed[object] = copy end
    if not copy or changed[object] then before[object] = copy_of(object) end
  end
  current = true
  return changed
end

-- It has ended: is it a step of undo? `step`: it is one in any case.
function objects.keep(step)
  local changed = changes()
  local count = core.keep(step or next(changed) ~= nil)
  if not count then return false end
  steps[#steps + 1] = changed
  while #steps > count do table.remove(steps, 1) end     -- the oldest is forgotten
  return true
end

-- Take back n steps; answers how many there were.
function objects.undo(n)
  local back = core.undo(n)
  current = false
  for _ = 1, back do
    for object, copy in next, table.remove(steps) or {} do put_back(object, copy) end
  end
  return back
end

return objects
