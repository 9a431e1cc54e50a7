#include "queue/redis/store.h"

#include <algorithm>

#include "queue/redis/scripts.h"

namespace convoke::redis {
namespace {

constexpr std::size_t kLookedAtMax = 256;  // functions, with a heartbeat

// Leaves room to count in, and fits into what Lua and JSON take for a number.
std::uint64_t first_incarnation(Rng rng) {
  constexpr std::uint64_t kRoom = 1UL << 20;
  return (rng.next() % kRoom) * kRoom;
}

LinkOptions for_hearing(LinkOptions link, const Pipeline& pipeline) {
  if (!link.name.empty()) link.name += "-hears";
  link.where = [&pipeline] { return pipeline.address(); };
  return link;
}

MembershipOptions membership_options(const Options& options, const Rng& rng) {
  return {options.prefix, options.lease, options.silence_max.value_or(dead_after(options.lease)),
          options.predecessors, first_incarnation(rng.fork("incarnations"))};
}

}  // namespace

RedisStore::RedisStore(Options options, const LinkWorld& world, Rng rng, QueueListener& listener)
    : options_(std::move(options)),
      keys_(options_.prefix),
      clock_(world.clock),
      wheel_(world.wheel),
      listener_(listener),
      answers_(world.wheel, listener),
      membership_(membership_options(options_, rng), world.clock, world.wheel, *this),
      pipeline_(connect(world, options_.link, options_.pipeline, rng.fork("connection"), *this)),
      carrier_(connection_),
      archive_(connection_, options_.prefix, world.clock, world.wheel, options_.retention),
      wake_ups_(options_.prefix, world.clock, world.wheel, connection_, *this),
      stops_(options_.prefix, world.clock, world.wheel, connection_, *this),
      subscription_(world, for_hearing(options_.link, connection_),
                    {keys_.ready, keys_.stops, keys_.stopped}, rng.fork("subscription"), *this) {
  membership_.use(connection_);
  if (options_.durability.kind == Durability::kReplicas) {
    ReplicasOwner& owner = *this;
    replicas_ = std::make_unique<Replicas>(options_.durability.replicas, world, options_.link,
                                           options_.pipeline, rng.fork("replicas"), owner);
  }
}

RedisStore::~RedisStore() = default;

// ---- the server, and our place among others ----

void RedisStore::on_server(Connection& server) {
  for (const Script* script : scripts().all()) server.send(script->load(), [](const Answer&) {});
  ask_settings(server);
}

// Before it hears of a lease: until then calls are refused all the same. Of a server that is there
// for the first time while others are, the answers come before those to any accept.
void RedisStore::ask_settings(Connection& server) {
  const auto settings = std::make_shared<ServerSettings>();
  for (std::size_t i = 0; i < kSettingsThatDecide; ++i) {
    const SettingName& setting = setting_names()[i];
    server.send(Command("CONFIG").arg("GET").arg(setting.name),
                [this, settings, &setting, name = server.target().text()](const Answer& answer) {
                  if (answer.fate != Fate::kReplied) return;
                  (*settings).*setting.at = parse_setting(answer.reply);
                  unfit_.erase(name);
                  const auto why = convoke::redis::unfit(*settings, options_.durability);
                  if (why) unfit_.emplace(name, *why);
                });
  }
}

const Error* RedisStore::unfit() const {
  return unfit_.empty() ? nullptr : &unfit_.begin()->second;
}

void RedisStore::on_gone(const Connection& server) { unfit_.erase(server.target().text()); }

void RedisStore::on_ready() {
  lost_.reset();
  membership_.on_connected();
  if (!membership_.in()) return;
  for (auto& [function, line] : lines_) {
    if (line->joining) reconcile(*line);
    if (line->asks()) asks(*line);
  }
}

void RedisStore::on_lost(const Error& why) {
  if (!lost_) options_.alarm("the queue's server is not there: " + why.message);
  lost_ = why;
  for (auto& [function, line] : lines_) {
    refuse_accepts(take_accepting(*line), refusal_of(Answer{}));
    refuse_claims(*line);
    line->noting.clear();
  }
}

void RedisStore::on_entered() {
  options_.entered(membership_.incarnation());
  wake_ups_.poll();
  list_functions([this](const std::vector<FunctionId>& functions) { discover(functions); });
}

// What waits from before: nobody else may be there to say that it is ready.
void RedisStore::discover(const std::vector<FunctionId>& functions) {
  for (const FunctionId function : functions) {
    Line& line = line_of(function);
    line.told_ready = false;
    look(line);
  }
}

void RedisStore::on_lease_lost(const std::string& why) {
  options_.alarm(why + ": what runs now may run again");
  options_.leased(Instant{});
  held_.forget_all();
  for (auto& [function, line] : lines_) {
    line->announced = line->joined = Step::kNotTaken;
    line->joining = line->looks = line->told_ready = false;
    line->out_of_reach = 0;
    line->left_over = true;
    line->returned.clear();
    line->noting.clear();
    line->claimed_again.clear();
    line->no_calls.clear();
    for (Finishing& end : std::exchange(line->finishing, {})) {
      if (end.answer)
        answers_.later(SettleAnswer{std::move(end.answer), SettleResult::kStoreFailed});
    }
  }
}

// A command of a connection that has ended may be executed late: it may have claimed calls of which
// nobody knows, for us or for one who is buried. So functions that have calls which are not held
// here, by what the server last said, are looked at. Those at rest cost nothing.
void RedisStore::on_renewed() {
  options_.leased(membership_.lease_until());
  for (const FunctionId function : busy_elsewhere()) {
    Line& line = line_of(function);
    membership_.look_for_left_over(function);
    line.out_of_reach = 0;
    if (line.joining) reconcile(line);
    ask_counts({function}, [] {});
    last_looked_at_ = function;
  }
  // Whoever was refused a claim is told of its calls again.
  for (const auto& [function, line] : lines_) heard(*line, Stand(line->stand));
}

// The next ones, in turn.
std::vector<FunctionId> RedisStore::busy_elsewhere() {
  std::map<FunctionId, std::uint64_t> here;
  held_.for_each([&here](const Held& held) { ++here[held.function]; });
  std::vector<FunctionId> busy;
  for (const auto& [function, line] : lines_) {
    if (line->stand.in_stream > here[function]) busy.push_back(function);
  }
  std::sort(busy.begin(), busy.end());
  std::rotate(busy.begin(), std::upper_bound(busy.begin(), busy.end(), last_looked_at_),
              busy.end());
  busy.resize(std::min(busy.size(), kLookedAtMax));
  return busy;
}

void RedisStore::on_retired(FunctionId function, const Stand& stand) {
  Line& line = line_of(function);
  line.left_over = true;
  heard(line, stand);
}

void RedisStore::on_waiting(FunctionId function) {
  if (!membership_.holds_lease() || !connection_.ready()) return;
  Line& line = line_of(function);
  if (line.ready() == 0) look(line);
}

void RedisStore::on_message(std::string_view channel, std::string_view payload) {
  if (channel == keys_.ready) return wake_ups_.on_message(payload);
  stops_.on_message(channel, payload);
}

Result<void> RedisStore::health() const {
  const bool waits = replicas_ && !replicas_->has_answered();
  if (connection_.ready() && membership_.holds_lease() && !waits) {
    return unfit() != nullptr ? Result<void>(*unfit()) : Result<void>{};
  }
  return Error{ErrorCode::kServiceUnavailable,
               lost_ ? "the queue's server is not there: " + lost_->message
                     : "the queue's server has not answered yet",
               Seconds{1}};
}

bool RedisStore::at_rest() const {
  const bool asked =
      std::any_of(asking_.begin(), asking_.end(), [](const Line* line) { return line->asks(); });
  const bool idle = connection_.idle() && (!replicas_ || replicas_->idle());
  return !asked && idle && answers_.empty();
}

// ---- a turn ----

Line& RedisStore::line_of(FunctionId function) {
  std::unique_ptr<Line>& line = lines_[function];
  if (!line) line = std::make_unique<Line>(options_.prefix, function);
  return *line;
}

const Line* RedisStore::find_line(FunctionId function) const {
  const auto found = lines_.find(function);
  return found == lines_.end() ? nullptr : found->second.get();
}

void RedisStore::asks(Line& line) {
  if (!std::exchange(line.listed, true)) asking_.push_back(&line);
}

void RedisStore::submit() {
  if (connection_.ready() && membership_.in()) {
    for (Line* line : std::exchange(asking_, {})) {
      line->listed = false;
      submit(*line);
    }
  }
  if (replicas_) replicas_->flush();
  connection_.flush();
}

// Ends before claims: what they free may be wanted.
void RedisStore::submit(Line& line) {
  if (!line.accepting.empty() && announced(line)) submit_accepts(line);
  submit_notes(line);
  submit_finishes(line);
  if ((line.looks || !line.claiming.empty()) && joined(line)) submit_claims(line);
}

// Each of these before what follows it, on whatever server either is: so the answer is waited for.
bool RedisStore::announced(Line& line) {
  if (line.announced == Step::kNotTaken) announce(line);
  return line.announced == Step::kTaken;
}

void RedisStore::announce(Line& line) {
  line.announced = Step::kUnderWay;
  const auto left = std::make_shared<int>(2);
  const auto on_answer = [this, &line, left, life = membership_.incarnation()](const Answer& it) {
    if (life != membership_.incarnation() || line.announced != Step::kUnderWay) return;
    if (!it.ok()) {
      line.announced = Step::kNotTaken;
      refuse_accepts(take_accepting(line), refusal_of(it));
      return refuse_claims(line);
    }
    if (--*left > 0) return;
    line.announced = Step::kTaken;
    asks(line);
  };
  send(scripts().enlist, membership_.note_function(line.function), on_answer);
  send(scripts().enlist, enlisting(keys_.functions, line.function), on_answer);
}

bool RedisStore::joined(Line& line) {
  if (line.joined == Step::kNotTaken && announced(line)) join(line);
  return line.joined == Step::kTaken;
}

void RedisStore::join(Line& line) {
  line.joined = Step::kUnderWay;
  line.joining = true;
  Command command = call_of(scripts().join, line.keys);
  command.arg(membership_.incarnation());
  send(scripts().join, std::move(command),
       [this, &line, life = membership_.incarnation()](const Answer& answer) {
         if (life != membership_.incarnation()) return;
         line.joined = answer.ok() ? Step::kTaken : Step::kNotTaken;
         if (!answer.ok()) return refuse_claims(line);
         asks(line);
       });
}

void RedisStore::send(const Script& script, Command call, Pipeline::Handler handler) {
  send_call(connection_, script, std::move(call), std::move(handler));
}

}  // namespace convoke::redis
