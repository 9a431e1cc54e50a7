-- As finish.lua, for attempts of which something is kept: of named calls, of calls that failed, and
-- of deliveries.
-- ARGV: the incarnation; then for each: what to do (s settle, p postpone, r back to the ready ones,
-- d a delivery is over); the stream id; for p and r the new head, for d the call that it was of;
-- when it is due again, in ms; the attempt (records.lua; none for r and d); the destination's
-- status; the result.
-- Returns {1 done, 0 it was not there, for each; the stand}.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return lease_lost() end
local outcomes, settled, ended = {}, 0, 0

local function postpone(call, head, due, attempt)
  local id = call:sub(1, 16)
  redis.call('ZADD', delayed, due, head .. call:sub(40))
  local known = redis.call('HGET', records, id)
  if not known then return end
  redis.call('HSET', records, id,
             with_attempt(known, id, attempt, bytes_of(tonumber(due), 6), head:sub(33, 34)))
end

local function give_back(call, head)
  redis.call('HDEL', under_way, call:sub(1, 16))
  redis.call('XADD', stream, '*', 'c', head .. call:sub(40))
end

-- Of a call that is not kept nothing is said, but if its end is on its way.
local function delivered(name, id, status)
  free_name(name)
  local record = redis.call('HGET', records, id)
  if record then
    redis.call('HSET', records, id, record:sub(1, texts_end(record)) .. status)
  elseif redis.call('HEXISTS', early, id) == 1 then
    redis.call('HSET', early, id, status)
  end
end

local function conclude(what, place, text, due, attempt, status, result)
  local entry = redis.call('XRANGE', stream, place, place)[1]
  if redis.call('XACK', stream, 'e', place) == 0 then return 0 end
  ended = ended + 1
  if what == 's' or what == 'd' then settled = settled + 1 end
  if not entry then return 1 end
  local call = entry[2][2]
  redis.call('XDEL', stream, place)
  if what == 's' then
    close(call, attempt, status, result)
  elseif what == 'd' then
    delivered(name_of(call), text, status)
    let_event_go(call)
  elseif what == 'p' then
    postpone(call, text, due, attempt)
  else
    give_back(call, text)
  end
  return 1
end

for i = 2, #ARGV, 7 do
  outcomes[#outcomes + 1] = conclude(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4],
                                     ARGV[i + 5], ARGV[i + 6])
end
count('settled', settled)
count('claimed', -ended)
return {outcomes, stand()}
