// A hash over everything that happened, and the last of it in words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/ids.h"
#include "tests/sim/agenda.h"
#include "tests/sim/observer.h"

namespace convoke::sim {

class Trace final : public Observer {
 public:
  explicit Trace(const SimClock& clock) : clock_(clock) {}

  void note(std::string_view what, std::uint64_t a = 0, std::uint64_t b = 0);
  void note(std::string_view what, const CallId& id, std::uint64_t b = 0);

  void turned() {  // every turn counts, though none is worth a line
    mix(static_cast<std::uint64_t>(clock_.now().time_since_epoch().count()));
    ++turns_;
  }

  [[nodiscard]] std::uint64_t turns() const { return turns_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] std::uint64_t events() const { return count_; }
  [[nodiscard]] std::string last_events() const;

  void on_sent(const Sent& sent) override {
    note(sent.asynchronous ? "sent, asynchronous" : "sent", sent.id, sent.function.value);
  }
  void on_answer(const CallId& id, int status) override {
    note("answered", id, static_cast<std::uint64_t>(status));
  }
  void on_closed(const CallId& id) override { note("closed without an answer", id); }
  void on_claimed(const ClaimedCall& call) override {
    note("claimed", call.receipt.id, call.receipt.epoch.value);
  }
  void on_settle_asked(const Receipt& receipt, const End& end) override {
    note("settle asked", receipt.id, static_cast<std::uint64_t>(end.settlement));
  }
  void on_settled(const Receipt& receipt, const End& end) override {
    note("settled", receipt.id, static_cast<std::uint64_t>(end.settlement));
  }
  void on_delivered(const CallId& id, int status) override {
    note("record delivered, of", id, static_cast<std::uint64_t>(status));
  }
  void on_history(const Engine&, history::History&, bool up_to_date) override {
    note("history shown", static_cast<std::uint64_t>(up_to_date));
  }
  void on_drain() override { note("drain"); }
  void on_drained(std::size_t unanswered) override { note("drained", unanswered); }
  void on_stale_used(const Receipt& receipt, SettleResult result) override {
    note("stale receipt used", receipt.id, static_cast<std::uint64_t>(result));
  }
  void on_stop_answered(const CallId& id, StopResult result) override {
    note("stop answered", id, static_cast<std::uint64_t>(result));
  }
  void on_instance_started(const FunctionPtr& function) override {
    note("instance started, of function", function->id.value, function->revision);
  }
  void on_instance_gone(const FunctionPtr& function) override {
    note("instance gone, of function", function->id.value, function->revision);
  }
  void on_started(const Started& started) override {
    note("attempt started", started.attempt.id, started.attempt.epoch.value);
  }
  void on_ended(const CallId& id, const Reply& reply) override {
    note("attempt ended", id,
         reply.system_error ? 2U : static_cast<unsigned>(reply.function_error != FunctionError{}));
  }
  void on_committed(const Changed& changed) override { note_change("change committed", changed); }
  void on_answered(const Changed& changed) override { note_change("change answered", changed); }
  void on_crash() override { note("crash"); }
  void on_restart(const Engine&) override { note("restart"); }
  void on_handed_out(const Holder& holder, const ClaimedCall& call) override {
    note("by engine", holder.engine, holder.incarnation);
    note(call.maybe_repeated ? "claimed, perhaps repeated" : "claimed", call.receipt.id,
         call.receipt.epoch.value);
  }
  void on_end_written(const Receipt& receipt, Asked what) override {
    note("end written", receipt.id, static_cast<std::uint64_t>(what));
  }

 private:
  struct Note {
    Instant at{};
    std::string_view what;  // a literal
    std::uint64_t a = 0;
    std::uint64_t b = 0;
  };
  void note_change(std::string_view what, const Changed& changed) {
    note(what, changed.function.value,
         (static_cast<std::uint64_t>(changed.what) << 32) | changed.limit);
  }
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001b3ULL; }

  static constexpr std::size_t kKept = 40;
  const SimClock& clock_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::uint64_t count_ = 0;
  std::uint64_t turns_ = 0;
  std::array<Note, kKept> last_{};
};

}  // namespace convoke::sim
