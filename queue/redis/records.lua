-- Records of calls: what scripts that write the history begin with, behind the prelude. SCHEMA.md
-- gives a record's bytes. KEYS from the sixth on: of the history of one function (keys.h).
local records, attempts, events, results = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local named, failed, over = KEYS[10], KEYS[11], KEYS[12]
local under_way, early, taken = KEYS[13], KEYS[14], KEYS[15]
local attempts_kept, never = 20, ('\0'):rep(6)

local function bytes_of(value, size)
  local bytes = ''
  for _ = 1, size do
    bytes = string.char(value % 256) .. bytes
    value = math.floor(value / 256)
  end
  return bytes
end

-- A name of the engine's own, which is in no history.
local function is_internal(name) return name:sub(1, 1) == '@' end

-- As accept.lua writes it, of a call that has just come; of one without a name of a caller's.
local function record_of(call)
  local qualifier, name = call:byte(38) or 0, call:byte(39) or 0
  if is_internal(name_of(call)) then name = 0 end
  return '\0' .. call:sub(17, 28) .. ('\0'):rep(17) .. '\1\0\0' ..
      string.char(qualifier, name) .. call:sub(40, 39 + qualifier + name)
end

local function texts_end(record) return 35 + (record:byte(34) or 0) + (record:byte(35) or 0) end

-- One attempt more, or an end without one: what the call became then, when, and the report, whose
-- first two times are when it was taken and when it was started.
local function with_attempt(record, id, attempt, due, retries)
  local told, made = number_at(record, 28, 31), number_at(record, 32, 33)
  local started, more = attempt:sub(14, 19), 1
  if attempt:sub(8, 13) ~= never then more = more + 1 end
  if started ~= never then more = more + 1 else started = record:sub(14, 19) end
  redis.call('HSET', attempts, id .. bytes_of(made, 2), bytes_of(told + 1, 4) .. attempt)
  if made >= attempts_kept then
    redis.call('HDEL', attempts, id .. bytes_of(made - attempts_kept, 2))
  end
  redis.call('HDEL', under_way, id)
  return attempt:sub(1, 1) .. record:sub(2, 7) .. due .. started .. record:sub(20, 25) .. retries ..
      bytes_of(told + more, 4) .. bytes_of(made + 1, 2) .. record:sub(34)
end

-- What came of a delivery stands, if it was told before the end that it follows.
local function status_after(record, id, status)
  local told = record:sub(texts_end(record) + 1)
  if status ~= 'Pending' then return status end
  local sooner = redis.call('HGET', early, id)
  if sooner then redis.call('HDEL', early, id) end
  if sooner and sooner ~= '' then return sooner end
  return told ~= '' and told or status
end

-- The call has ended, and its event is about to leave the queue. One that lies apart stays there, and
-- is the record's.
local function close(call, attempt, status, result)
  local id, event = call:sub(1, 16), event_of(call)
  local apart, name = lies_apart(call), name_of(call)
  if is_internal(name) then free_name(name) end
  local known = redis.call('HGET', records, id) or record_of(call)
  local record = with_attempt(known, id, attempt, known:sub(8, 13), call:sub(33, 34))
  record = record:sub(1, 19) .. attempt:sub(2, 7) .. record:sub(26, texts_end(record)) ..
      status_after(record, id, status)
  redis.call('HSET', records, id, record)
  if event ~= '' then redis.call('HSET', events, apart and id .. '+' or id, event) end
  if result ~= '' then redis.call('HSET', results, id, result) end
  redis.call('ZADD', over, number_at(attempt, 2, 7), id)
  local state = attempt:byte(1)
  if state == 5 or state == 8 then redis.call('ZADD', failed, number_at(record, 2, 7), id) end
  count('kept', (apart and number_at(event, 1, 4) or #event) + #result)
end

-- The record goes, and with it the name is free.
local function forget(id, record)
  local name_at = 36 + (record:byte(34) or 0)
  local name, made = record:sub(name_at, texts_end(record)), number_at(record, 32, 33)
  local bytes = redis.call('HSTRLEN', events, id) + redis.call('HSTRLEN', results, id)
  local apart = redis.call('HGET', events, id .. '+')
  if apart then
    bytes = bytes + number_at(apart, 1, 4)
    redis.call('UNLINK', event_key(id))
    redis.call('HDEL', events, id .. '+')
  end
  for i = math.max(made - attempts_kept, 0), made - 1 do
    redis.call('HDEL', attempts, id .. bytes_of(i, 2))
  end
  redis.call('HDEL', records, id)
  redis.call('HDEL', events, id)
  redis.call('HDEL', results, id)
  redis.call('HDEL', taken, id)
  redis.call('ZREM', named, id)
  redis.call('ZREM', failed, id)
  redis.call('ZREM', over, id)
  if name ~= '' and redis.call('HGET', names, name) == id then redis.call('HDEL', names, name) end
  count('kept', -bytes)  -- last: it needs memory, and a server that is full lets no script begin so
end

