-- What every script begins with. KEYS: all of one function (keys.h).
local stream, delayed, counts, leases, names =
    KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]

-- Big-endian. Of what is no call of ours (somebody may write here by hand), whatever it gives.
local function number_at(bytes, from, to)
  local value = 0
  for i = from, to do value = value * 256 + (bytes:byte(i) or 0) end
  return value
end

local function accepted_at(call) return number_at(call, 17, 22) end

-- The texts of a call are behind its head of 39 bytes.
local function name_of(call)
  local qualifier, name = call:byte(38) or 0, call:byte(39) or 0
  return call:sub(40 + qualifier, 39 + qualifier + name)
end

-- An event may lie apart, in pieces under a key of its own: then a reference is in its place, its
-- size and that of a piece, in 4 bytes each.
local function lies_apart(call) return math.floor((call:byte(37) or 0) / 2) % 2 == 1 end
-- Behind the event is the lineage of a call that has one (flag 4), and its trace (flag 8).
local function lineage_bytes(call)
  local flags = call:byte(37) or 0
  return math.floor(flags / 4) % 2 * 69 + math.floor(flags / 8) % 2 * 16
end
local function event_of(call)
  return call:sub(40 + (call:byte(38) or 0) + (call:byte(39) or 0),
                  math.max(#call - lineage_bytes(call), 0))
end
local function key_of_event(id) return (counts:match('^.*}:') or '') .. 'e:' .. id end
local function event_key(call)
  return key_of_event((call:sub(1, 16):gsub('.', function(c) return ('%02x'):format(c:byte()) end)))
end
local function pieces_of(call)
  local reference = event_of(call)
  local piece = number_at(reference, 5, 8)
  return piece > 0 and math.ceil(number_at(reference, 1, 4) / piece) or 0
end
local function let_event_go(call)
  if lies_apart(call) then redis.call('UNLINK', event_key(call)) end
end

-- What follows a call's end has a name with that call's id in it. An accept of it whose answer was
-- lost is sent again, be it that it was taken, and that the call has run to its end meanwhile: so
-- such a name is in use for a while after that, for longer than anybody sends it again.
local follows_for = 120000  -- ms
local function key_of_ended(name) return (counts:match('^.*}:') or '') .. 'n:' .. name end
local function follows(name) return #name > 36 and name:sub(1, 1) == '@' end
local function free_name(name)
  if name == '' then return end
  redis.call('HDEL', names, name)
  if not follows(name) then return end
  redis.call('SET', key_of_ended(name), '')
  redis.call('PEXPIRE', key_of_ended(name), follows_for)
end
local function take_name(name, id)
  if follows(name) and redis.call('GET', key_of_ended(name)) then return false end
  return redis.call('HSETNX', names, name, id) == 1
end

-- An incarnation may touch the function's calls as long as nobody has retired it.
local function holds_lease(incarnation)
  return redis.call('HGET', leases, incarnation) == '1'
end
local function lease_lost()
  return redis.error_reply('LEASELOST this incarnation was retired')
end

local function count(field, by)
  if by ~= 0 then redis.call('HINCRBY', counts, field, by) end
end

-- accepted, claimed, settled, in the stream, delayed, and when the first of those falls due.
local function stand()
  local told = redis.call('HMGET', counts, 'accepted', 'claimed', 'settled')
  local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  return {
    tonumber(told[1] or 0), tonumber(told[2] or 0), tonumber(told[3] or 0),
    redis.call('XLEN', stream), redis.call('ZCARD', delayed), tonumber(first[2] or -1),
  }
end

