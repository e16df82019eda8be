-- Results on disk: whole, or not there.

local files = {}

function files.read(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local text
  text, why = file:read("a")
  file:close()
  return text, why
end

local function write(path, text)
  local file, why = io.open(path, "wb")
  if not file then return nil, why end
  local fine, what = file:write(text)
  local closed, last = file:close()
  return fine and closed, what or last
end

local function put_in_place(path, text)
  local fine, why = write(path .. ".new", text)
  if fine then fine, why = os.rename(path .. ".new", path) end
  if not fine then os.remove(path .. ".new") end
  return fine, why
end

-- Who reads at any moment, also after a crash, finds the old text or the new one. A device or a pipe
-- (/dev/stdout) stays what it is, and is written to.
function files.replace(path, text)
  local fine, why = (core.kind_of_file(path) == "other" and write or put_in_place)(path, text)
  if fine then return end
  error(("%s cannot be written: %s"):format(path, tostring(why):match("[^:]+$"):match("^%s*(.*)")), 0)
end

-- The folder a file lies in; nil of no file.
function files.folder(path) return path and (path:match("^(.*)/[^/]*$") or ".") end

return files
