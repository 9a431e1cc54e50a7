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

