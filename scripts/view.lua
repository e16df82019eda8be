-- `view`: the machine as a picture in a window of its own.

local session = require "session"
local settings = require "settings"

local view = {}

local missing = {
  ["no display"] = "there is no display to open a window on\n" ..
      "  draw FILE.svg writes the present moment as a picture; dmalab --record FILE\n" ..
      "  keeps the session for dmalab-view where there is a display",
  ["not installed"] = "the program dmalab-view is not there\n" ..
      "  make builds it where SDL2, SDL2_ttf and fontconfig are installed;\n" ..
      "  draw FILE.svg writes the present moment as a picture without them",
}

-- The words behind `view`: nothing, or `beside BOARD`, also as an option is written.
local function board_of(first, board, more)
  if first == nil then return nil end
  if tostring(first):gsub("^%-%-", "") ~= "beside" or type(board) ~= "string" or more then
    error("view takes no word, or a recording, or beside and a board\n  as in: view broken.rec, or " ..
        "view beside x86", 0)
  end
  return board
end

-- The second board plays what the first has played, and may then be looked at.
local function stand_beside(board)
  core.beside(board)
  if not board then return end
  core.beside_play(settings.line(session.started), false)
  for _, entry in ipairs(session.history) do
    if not (entry.undone or entry.aside or entry.interrupted) then
      core.beside_play(entry.again, entry.step)
    end
  end
end

-- A recording has a window of its own: that of the session may be open beside it.
local function show_file(file)
  local missing_here = core.viewer() ~= "open" and missing[core.viewer()]
  if missing_here then error(missing_here, 0) end
  core.view_file(file)
  if session.speaks then io.stdout:write("a window opens with the recording ", file, "\n") end
end

function view.view(...)
  local first, more = ...
  if not more and core.kind_of_file(tostring(first)) == "file" then return show_file(first) end
  local board, state = board_of(...), core.viewer()
  if state == "open" and not board then
    io.stdout:write("the view is open already\n")
    return
  end
  if missing[state] then error(missing[state], 0) end
  stand_beside(board)
  core.view_open()
  if not session.speaks then return end
  io.stdout:write("the view opens", board and ", with " .. board .. " beside it" or "",
      "; it shows each line you type\n")
end

return view
