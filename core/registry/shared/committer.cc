#include "core/registry/shared/committer.h"

#include <fmt/format.h>

#include <utility>

#include "core/registry/decide.h"
#include "core/registry/shared/scripts.h"

namespace convoke::shared_registry {
namespace {

Error not_ready() {
  return {ErrorCode::kServiceUnavailable,
          "the registry's server cannot be reached: nothing was changed"};
}

Error not_believed() {
  return {
      ErrorCode::kServiceUnavailable,
      "the registry's server has lost what this engine has seen there: nothing was changed, and "
      "nothing can be until the engine is restarted"};
}

Error too_many() {
  return {
      ErrorCode::kServiceUnavailable,
      fmt::format("{} changes of the registry wait already: nothing was changed", kMutationsMax)};
}

Error perhaps_made() {
  return {ErrorCode::kServiceUnavailable,
          "the registry's server did not answer in time: whether the change was made is not known, "
          "ask for what there is"};
}

}  // namespace

Committer::Committer(const Parts& parts, std::string engine, Rng rng, CommitterOwner& owner)
    : parts_(parts), engine_(std::move(engine)), rng_(rng), owner_(owner) {}

template <class Argument, class Then>
std::function<void(Argument)> Committer::while_in(State state, Then then) {
  return [this, state, turn = turn_, then = std::move(then)](Argument argument) {
    if (turn == turn_ && state == state_) then(std::forward<Argument>(argument));
  };
}

void Committer::execute(Mutation mutation, WallTime now, RegistrySource::Done done) {
  if (const std::optional<Error> why = refusal()) {
    refused_.push_back([done = std::move(done), why = *why] { done(why); });
    return parts_.wheel.schedule(refusing_, Instant{});
  }
  asked_.push_back({std::make_shared<const Mutation>(std::move(mutation)), now, std::move(done)});
  if (state_ == State::kIdle) begin_next();
}

std::optional<Error> Committer::refusal() const {
  if (parts_.server.lost()) return not_ready();
  if (parts_.feed.misled()) return not_believed();
  if (asked_.size() >= kMutationsMax) return too_many();
  return std::nullopt;
}

void Committer::tell_refused() {
  const std::vector<std::function<void()>> refused = std::exchange(refused_, {});
  for (const std::function<void()>& answer : refused) answer();
}

void Committer::begin_next() {
  if (asked_.empty()) {
    patience_.cancel();
    return;
  }
  by_ = fmt::format("{}-{}", engine_, ++turn_);
  may_be_made_ = false;
  on_progress();
  catch_up();
}

void Committer::on_progress() {
  if (!asked_.empty()) {
    parts_.wheel.schedule(patience_, parts_.clock.now() + kProgressMax);
  }
}

// Not on what is known alone: a client may have seen what another engine has just answered.
void Committer::catch_up() {
  state_ = State::kCatchingUp;
  parts_.feed.catch_up();
}

void Committer::on_caught_up() {
  if (state_ == State::kCatchingUp) decide();
}

void Committer::decide() {
  const Known& known = parts_.feed.known();
  const Asked& asked = asked_.front();
  Result<Change> change = convoke::decide(known.directory, *asked.mutation,
                                          {known.version + 1, asked.now}, parts_.in_process);
  if (!change) return refuse(std::move(change).error());
  const std::string* base64 = code_of(*asked.mutation);
  if (base64 == nullptr) return commit(*std::move(change));
  if (!code_) return unpack({asked.mutation, base64});
  commit(with_code(*change, *code_));
}

// Named before its version is known, which may come out another one; so never twice.
void Committer::unpack(std::shared_ptr<const std::string> base64) {
  state_ = State::kUnpacking;
  patience_.cancel();  // this disk answers, sooner or later
  const std::string name = fmt::format("{}-{:016x}", parts_.feed.known().version + 1, rng_.next());
  parts_.code.hold(parts_.code.directory() + '/' + name);
  code_.emplace().directory = parts_.code.directory() + '/' + name;
  parts_.code.unpack(std::move(base64), name,
                     while_in<Result<LocalCode::Unpacked>>(
                         State::kUnpacking, [this](Result<LocalCode::Unpacked> unpacked) {
                           if (!unpacked) return refuse(std::move(unpacked).error());
                           upload(*std::move(unpacked));
                         }));
}

void Committer::upload(LocalCode::Unpacked unpacked) {
  state_ = State::kUploading;
  on_progress();
  code_ = unpacked.code;
  const std::string& directory = code_->directory;
  parts_.carrier.upload(
      directory.substr(directory.rfind('/') + 1), std::move(unpacked.zip),
      while_in<Result<void>>(State::kUploading, [this](const Result<void>& uploaded) {
        if (!uploaded) return refuse(uploaded.error());
        catch_up();
      }));
}

void Committer::commit(Change change) {
  state_ = State::kCommitting;
  const Known& known = parts_.feed.known();
  parts_.server.call(
      commit_script(), commit_call(parts_.keys, known.directory, known.version, change, by_),
      while_in<const redis::Answer&>(
          State::kCommitting, [this](const redis::Answer& answer) { on_committed(answer); }));
  change_ = std::move(change);
}

void Committer::on_committed(const redis::Answer& answer) {
  if (answer.fate == redis::Fate::kLost) {
    may_be_made_ = true;
    return catch_up();
  }
  if (!answer.ok()) return refuse(not_done(answer));
  const std::int64_t version = answer.reply.integer().value_or(-1);
  if (version < 0) return catch_up();
  state_ = State::kMade;
  made_as_ = static_cast<std::uint64_t>(version);
  parts_.feed.catch_up();
}

void Committer::on_known(const RegistryStep& step, const std::string& by) {
  if (state_ == State::kIdle) return;
  // The one that was sent had this version, or has none: a lost answer was no.
  const bool overtaken = change_ && !by.empty() && by != by_ && step.version >= change_->version;
  if (overtaken) may_be_made_ = false;
  const bool among_all = by.empty() && state_ == State::kMade && step.version >= made_as_;
  if (by != by_ && !among_all) {
    // All rows were read instead of the log: whether ours is among them cannot be told.
    if (by.empty() && may_be_made_) refuse(perhaps_made());
    return;
  }
  finish([this, change = by == by_ ? step.changes.front() : *change_, done = asked_.front().done] {
    owner_.on_made(change, done);
  });
}

void Committer::refuse(Error why) {
  if (may_be_made_) why = perhaps_made();
  finish([done = asked_.front().done, why = std::move(why)] { done(why); });
}

// What was uploaded and not committed vanishes by itself; what was unpacked, at the next collect().
void Committer::finish(std::function<void()> answer) {
  if (code_) parts_.code.let_go(code_->directory);
  code_.reset();
  change_.reset();
  asked_.pop_front();
  state_ = State::kIdle;
  answer();
  if (state_ == State::kIdle) begin_next();
}

void Committer::on_no_progress() {
  const bool sent = state_ == State::kCommitting || state_ == State::kMade;
  if (sent || may_be_made_) return refuse(perhaps_made());
  if (!parts_.server.ready()) return refuse(not_ready());
  refuse({ErrorCode::kServiceUnavailable,
          "this engine does not know all that the registry holds, and the server is slow or a "
          "change cannot be applied here: nothing was changed"});
}

}  // namespace convoke::shared_registry
