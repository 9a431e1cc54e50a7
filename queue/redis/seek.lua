-- Looks for a call, a stretch at a time, and ends it if it waits and that is asked.
-- ARGV: its id; where to look: q the stream, d the delayed ones; from where; how many; `find` or
-- `stop`; for `stop`, the end that a call with a record comes to (records.lua: an attempt); for
-- `find`, how many entries of the stream lie before where to look.
-- Returns {what, ...}: {'there', is it held (0, 1), due in ms or -1, call, how many ready ones go
-- first or -1}, {'stopped', the stand}, {'on', where, from, how many ready ones lie before}, or
-- {'gone'}.
local id, where, from, many, what = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local passed = what == 'find' and tonumber(ARGV[6])
local ahead_max = 10000

-- Who has it, with a lease or without; nil: nobody was given it.
local function holder_of(stream_id)
  local pending = redis.pcall('XPENDING', stream, 'e', stream_id, stream_id, 1)
  return not pending.err and pending[1] and pending[1][2]
end

-- Entries from here on that nobody was given are behind all that are claimed.
local function ready_before(entries)
  return math.max(0, passed + entries - tonumber(redis.call('HGET', counts, 'claimed') or 0))
end

-- What retired incarnations left goes before all else.
local function left_before(stream_id)
  local before = 0
  local fields = redis.call('HGETALL', leases)
  for i = 1, #fields, 2 do
    if fields[i + 1] == '0' then
      before = before +
          #redis.call('XPENDING', stream, 'e', '-', '(' .. stream_id, ahead_max + 1, fields[i])
    end
  end
  return before
end

local function stop(call)
  local name = name_of(call)
  if name ~= '' and name:sub(1, 1) ~= '@' then
    close(call, ARGV[6], '', '')
  else
    free_name(name)
    let_event_go(call)
  end
  count('settled', 1)
  return {'stopped', stand()}
end

if where == 'q' then
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', many)
  for i, entry in ipairs(entries) do
    local call = entry[2][2]
    if call:sub(1, 16) == id then
      local holder = holder_of(entry[1])
      if holder and holds_lease(holder) then return {'there', 1, -1, call, -1} end
      if what ~= 'stop' then
        return {'there', 0, -1, call, holder and left_before(entry[1]) or ready_before(i - 1)}
      end
      redis.pcall('XACK', stream, 'e', entry[1])
      redis.call('XDEL', stream, entry[1])
      return stop(call)
    end
  end
  if #entries < tonumber(many) then return {'on', 'd', '0', 0} end
  return {'on', 'q', '(' .. entries[#entries][1],
          what == 'stop' and 0 or ready_before(#entries)}
end

local page = redis.call('ZSCAN', delayed, from, 'COUNT', many)
for i = 1, #page[2], 2 do
  local call = page[2][i]
  if call:sub(1, 16) == id then
    if what ~= 'stop' then return {'there', 0, tonumber(page[2][i + 1]), call, -1} end
    redis.call('ZREM', delayed, call)
    return stop(call)
  end
end
if page[1] == '0' then return {'gone'} end
return {'on', 'd', page[1], 0}
