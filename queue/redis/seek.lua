-- Looks for a call, a stretch at a time, and ends it if it waits and that is asked.
-- ARGV: its id; where to look: q the stream, d the delayed ones; from where; how many; `find` or
-- `stop`; for `stop`, the end that a call with a record comes to (records.lua: an attempt).
-- Returns {what, ...}: {'there', is it held (0, 1), due in ms or -1, call}, {'stopped', the stand},
-- {'on', where, from}, or {'gone'}.
local id, where, from, many, what = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local function is_held(stream_id)
  local pending = redis.pcall('XPENDING', stream, 'e', stream_id, stream_id, 1)
  return not pending.err and pending[1] ~= nil and holds_lease(pending[1][2])
end

local function stop(call)
  local name = name_of(call)
  if name ~= '' and name:sub(1, 1) ~= '@' then
    close(call, ARGV[6], '', '')
  else
    if name ~= '' then redis.call('HDEL', names, name) end
    let_event_go(call)
  end
  count('settled', 1)
  return {'stopped', stand()}
end

if where == 'q' then
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', many)
  for _, entry in ipairs(entries) do
    local call = entry[2][2]
    if call:sub(1, 16) == id then
      local held = is_held(entry[1])
      if what ~= 'stop' or held then return {'there', held and 1 or 0, -1, call} end
      redis.pcall('XACK', stream, 'e', entry[1])
      redis.call('XDEL', stream, entry[1])
      return stop(call)
    end
  end
  if #entries < tonumber(many) then return {'on', 'd', '0'} end
  return {'on', 'q', '(' .. entries[#entries][1]}
end

local page = redis.call('ZSCAN', delayed, from, 'COUNT', many)
for i = 1, #page[2], 2 do
  local call = page[2][i]
  if call:sub(1, 16) == id then
    if what ~= 'stop' then return {'there', 0, tonumber(page[2][i + 1]), call} end
    redis.call('ZREM', delayed, call)
    return stop(call)
  end
end
if page[1] == '0' then return {'gone'} end
return {'on', 'd', page[1]}
