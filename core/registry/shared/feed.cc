#include "core/registry/shared/feed.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>
#include <variant>

#include "core/registry/shared/change_row.h"
#include "core/registry/shared/difference.h"
#include "core/registry/shared/row_json.h"
#include "core/registry/shown.h"

namespace convoke::shared_registry {
namespace {

std::optional<std::uint64_t> version_of_id(std::string_view id) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), version);
  if (error != std::errc() || std::string_view(end, id.data() + id.size()) != "-0") {
    return std::nullopt;
  }
  return version;
}

// A field of an entry; "" if it has none of the name.
std::string_view field(const redis::Reply& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text() == name) return fields[i + 1].text();
  }
  return {};
}

}  // namespace

void Feed::catch_up() {
  again_ = true;
  if (state_ == State::kRest) read();
}

void Feed::heard_of(std::uint64_t version) {
  if (version != known_.version) catch_up();
}

// ---- reading ----

void Feed::read() {
  if (!parts_.server.ready() || misled_) return;
  again_ = false;
  state_ = State::kReading;
  there_.reset();
  parts_.server.ask(redis::Command("GET").arg(parts_.keys.version),
                    [this](const redis::Answer& answer) { on_version(answer); });
  redis::Command changes("XRANGE");
  changes.arg(parts_.keys.changes).arg(fmt::format("{}-0", known_.version + 1)).arg("+");
  parts_.server.ask(changes.arg("COUNT").arg(kAtOnce),
                    [this](const redis::Answer& answer) { on_changes(answer); });
}

void Feed::on_version(const redis::Answer& answer) {
  there_ = version_in(answer);
  if (!there_ || *there_ >= known_.version) return;
  misled_ = true;
  owner_.on_trouble(
      {ErrorCode::kServiceUnavailable,
       fmt::format("the registry's server has version {}, and this engine has seen version {}: its "
                   "data was lost or replaced by something older. Restore it, or restart all "
                   "engines to go on with what it has",
                   *there_, known_.version)});
}

void Feed::on_changes(const redis::Answer& answer) {
  if (misled_) return rest();
  if (answer.fate != redis::Fate::kReplied) {
    again_ = true;
    return rest();
  }
  if (!there_ || !answer.ok()) {
    return trouble({ErrorCode::kServiceUnavailable,
                    fmt::format("the registry cannot be read: {}", shown(answer.reply.text()))});
  }
  if (*there_ == known_.version) return take_next();
  if (known_.version == 0) return read_all();
  Result<std::deque<Entry>> entries = entries_of(answer.reply);
  if (!entries) return trouble(entries.error());
  if (entries->empty()) return read_all();
  again_ = again_ || entries->back().step.version < *there_;
  incoming_ = *std::move(entries);
  take_next();
}

// None, where the log does not go on from what is known.
Result<std::deque<Feed::Entry>> Feed::entries_of(const redis::Reply& reply) const {
  std::deque<Entry> entries;
  std::uint64_t expected = known_.version;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (version_of_id(reply[i][0].text()) != ++expected) return std::deque<Entry>();
    const redis::Reply fields = reply[i][1];
    Result<Change> change =
        change_from(expected, field(fields, "kind"), field(fields, "row"), parts_.code.directory());
    if (!change) return change.error();
    entries.push_back({{expected, {*std::move(change)}}, std::string(field(fields, "by")), false});
  }
  return entries;
}

void Feed::read_all() {
  incoming_.clear();
  state_ = State::kReading;
  rows_.read([this](std::optional<Rows> rows) { on_rows(std::move(rows)); });
}

void Feed::on_rows(std::optional<Rows> rows) {
  if (!rows) {
    again_ = true;
    return parts_.server.ready() ? wait_and_retry() : rest();
  }
  if (rows->version < known_.version) {
    again_ = true;
    return read();
  }
  Result<std::vector<Change>> changes =
      difference(known_.directory, *rows, parts_.code.directory());
  if (!changes) return trouble(changes.error());
  incoming_.push_back({{rows->version, *std::move(changes)}, {}, true});
  take_next();
}

// ---- telling ----

void Feed::take_next() {
  state_ = State::kPreparing;
  while (!incoming_.empty()) {
    const Entry& first = incoming_.front();
    if (!first.all_rows && !fits(known_.directory, first.step.changes.front())) return read_all();
    if (!ready_or_preparing()) return;
    tell_first();
  }
  rest();
}

// false: goes on when its code is here.
bool Feed::ready_or_preparing() {
  if (std::exchange(first_is_ready_, false)) return true;
  std::vector<CodePackage> codes = code_of(incoming_.front().step);
  if (codes.empty()) return true;
  let_code_go();
  held_ = codes;
  for (const CodePackage& code : held_) parts_.code.hold(code.directory);
  parts_.code.look_for(std::move(codes), [this](std::vector<CodePackage> missing) {
    to_fetch_ = std::move(missing);
    fetch_next();
  });
  return false;
}

std::vector<CodePackage> Feed::code_of(const RegistryStep& step) const {
  std::vector<CodePackage> codes;
  for (const Change& change : step.changes) {
    const auto* put = std::get_if<FunctionPut>(&change.what);
    if (put == nullptr || put->function->code.directory.empty()) continue;
    const FunctionPtr before = known_.directory.find_function(put->function->id);
    if (before && before->code.directory == put->function->code.directory) continue;
    codes.push_back(put->function->code);
  }
  return codes;
}

void Feed::fetch_next() {
  if (to_fetch_.empty()) {
    first_is_ready_ = true;
    return take_next();
  }
  parts_.carrier.fetch(to_fetch_.back(), [this](CodeCarrier::Fetch fetch, std::string zip) {
    on_fetched(fetch, std::move(zip));
  });
}

void Feed::on_fetched(CodeCarrier::Fetch fetch, std::string zip) {
  if (fetch == CodeCarrier::Fetch::kGone) return on_code_gone();
  if (fetch == CodeCarrier::Fetch::kNoAnswer) return wait_and_retry();
  parts_.code.unpack(std::move(zip), to_fetch_.back(),
                     [this](const Result<void>& unpacked) { on_unpacked(unpacked); });
}

// From the log, it is of a change that others have followed. Of a row, it was replaced just now; or
// the server has lost it, and then each second is often enough to look.
void Feed::on_code_gone() {
  if (!incoming_.front().all_rows) return read_all();
  trouble({ErrorCode::kServiceUnavailable,
           fmt::format("the registry's server does not have the code '{}' that a function there "
                       "needs: deploy it again, if it stays away",
                       code_name(to_fetch_.back()))});
}

void Feed::on_unpacked(const Result<void>& unpacked) {
  if (!unpacked) {
    return trouble({ErrorCode::kServiceUnavailable,
                    fmt::format("code that another engine deployed cannot be unpacked here: {}",
                                unpacked.error().message)});
  }
  to_fetch_.pop_back();
  fetch_next();
}

void Feed::tell_first() {
  Entry first = std::move(incoming_.front());
  incoming_.pop_front();
  for (const Change& change : first.step.changes) known_.directory.apply(change);
  known_.version = first.step.version;
  let_code_go();
  owner_.on_known(std::move(first.step), first.by);
}

void Feed::let_code_go() {
  for (const CodePackage& code : held_) parts_.code.let_go(code.directory);
  held_.clear();
}

// ---- between ----

void Feed::rest() {
  state_ = State::kRest;
  if (again_) return read();
  if (misled_) return;
  owner_.on_caught_up();
}

void Feed::trouble(const Error& why) {
  owner_.on_trouble(why);
  wait_and_retry();
}

void Feed::wait_and_retry() {
  state_ = State::kWaiting;
  parts_.wheel.schedule(retry_, parts_.clock.now() + kRetryAfter);
}

// Anew from what is known: the server may have been restored, or the code replaced.
void Feed::retry() {
  incoming_.clear();
  again_ = true;
  state_ = State::kRest;
  read();
}

}  // namespace convoke::shared_registry
