// What an instance writes, cut into lines, each tied to the call it belongs to.
//
// With one call inside, its lines; with several, a line belongs to the call whose id it contains,
// and to the instance otherwise. A line that names the call which ended last is still that call's.
//
// Pure but for the sink; shard thread only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/edge/clock.h"
#include "core/edge/spawner.h"
#include "core/model/function.h"
#include "core/model/ids.h"
#include "workers/log_sink.h"

namespace convoke {

enum class KeepTail : bool { kNo, kYes };

class OutputLines {
 public:
  // `instance_id`, `sink` and `clock` outlive this.
  OutputLines(FunctionId function, std::string_view instance_id, const Clock& clock, LogSink& sink)
      : function_(function), instance_id_(instance_id), clock_(clock), sink_(sink) {}

  void bytes(OutputStream stream, std::string_view bytes);
  void flush();  // a last line without its end is a line, too

  void begin_call(const CallId& id, KeepTail keep);
  // The last kLogTailBytes of its lines, each with "\n"; empty unless they were kept. What the call
  // wrote without a line end is its last line, if it was alone.
  [[nodiscard]] std::string end_call(const CallId& id);

  // Until started() the last kLogTailBytes of all lines are kept, to explain a failed start.
  void started();
  [[nodiscard]] const std::string& start_log() const { return start_log_; }

 private:
  struct Stream {
    std::string partial;
    bool cutting = false;  // beyond kLogLineBytesMax: nothing more until the line ends
  };
  struct OpenCall {
    CallId id;
    KeepTail keep = KeepTail::kNo;
    std::string tail;
  };

  void add_partial(Stream& stream, std::string_view piece);
  void end_line(Stream& stream);
  void line(std::string_view text);
  [[nodiscard]] std::optional<CallId> owner_of(std::string_view text) const;
  [[nodiscard]] bool is_ours(const CallId& id) const;

  FunctionId function_;
  std::string_view instance_id_;
  const Clock& clock_;
  LogSink& sink_;
  std::array<Stream, 2> streams_;
  std::vector<OpenCall> open_;
  std::optional<CallId> ended_last_;
  bool starting_ = true;
  std::string start_log_;
};

}  // namespace convoke
