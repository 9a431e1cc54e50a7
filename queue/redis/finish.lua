-- Ends attempts, if the incarnation still has its lease.
-- ARGV: the incarnation; then for each: what to do (s settle, p postpone, r back to the ready
-- ones); the stream id; for s the call's name, else its new head; when it is due again, in ms,
-- for s the id of an event that lies apart, or 0.
-- Returns {1 done, 0 it was not there, for each; the stand}.
local incarnation = ARGV[1]
if not holds_lease(incarnation) then return lease_lost() end
local results, settled, ended = {}, 0, 0
local together = 1000  -- as many words as a call can have, and more than a turn brings

-- All that end for good in one turn, since each call of a command costs more than what it does here.
local function settle_all(places, at)
  for first = 1, #places, together do
    local last = math.min(first + together - 1, #places)
    local acked = redis.call('XACK', stream, 'e', unpack(places, first, last))
    local whole = acked == last - first + 1
    ended = ended + acked
    if whole then redis.call('XDEL', stream, unpack(places, first, last)) end
    -- One that was not held is not there: nobody acknowledges without deleting.
    for i = first, last do
      results[at[i]] = whole and 1 or redis.call('XDEL', stream, places[i])
    end
  end
end

-- An entry that somebody has deleted by hand leaves nothing to write.
local function write_anew(what, id, head, due)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then return end
  local call = head .. entry[2][2]:sub(40)
  redis.call('XDEL', stream, id)
  if what == 'p' then
    redis.call('ZADD', delayed, due, call)
  else
    redis.call('XADD', stream, '*', 'c', call)
  end
end

local function begin_anew(what, id, head, due)
  if redis.call('XACK', stream, 'e', id) == 0 then return 0 end
  write_anew(what, id, head, due)
  return 1
end

local places, at = {}, {}
for i = 2, #ARGV, 4 do
  if ARGV[i] == 's' then
    places[#places + 1], at[#at + 1] = ARGV[i + 1], (i + 2) / 4
  end
end
settle_all(places, at)

for i = 2, #ARGV, 4 do
  local n = (i + 2) / 4
  if ARGV[i] ~= 's' then
    results[n] = begin_anew(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    ended = ended + results[n]
  elseif results[n] == 1 then
    settled = settled + 1
    free_name(ARGV[i + 2])
    if ARGV[i + 3] ~= '0' then redis.call('UNLINK', key_of_event(ARGV[i + 3])) end
  end
end
count('settled', settled)
count('claimed', -ended)
return {results, stand()}
