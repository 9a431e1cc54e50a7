// Brings events that lie apart to the server and back, piece by piece: bounded in what is under
// way, so that neither the connection nor a turn of the server is filled by one of them.
//
// An event that is being brought there has a time to live, anew with each piece, until a call owns
// it (accept.lua): what an engine leaves behind when it dies vanishes by itself.
//
// Shard thread only; the connection outlives it.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "core/model/error.h"
#include "core/model/instant.h"
#include "queue/redis/apart.h"
#include "queue/redis/pipeline.h"

namespace convoke::redis {

inline constexpr std::size_t kPiecesUnderWay = 4;  // of one event
inline constexpr std::size_t kUploadsAtOnce = 4;   // others wait
// Without a call that owns it, from its last piece on: longer than a server is waited for.
inline constexpr Seconds kUnownedMax{60};

class EventCarrier {
 public:
  explicit EventCarrier(Pipeline& connection) : connection_(connection) {}

  // ServiceUnavailable: it is not wholly there, and no call may be accepted with it. In a later
  // turn.
  using Uploaded = std::function<void(const Result<void>&)>;
  void upload(std::string key, std::string event, std::size_t piece_bytes, Uploaded uploaded);

 private:
  struct Upload;

  void begin_next();
  void send_pieces(const std::shared_ptr<Upload>& upload);
  void on_piece(const std::shared_ptr<Upload>& upload, const Answer& answer);

  Pipeline& connection_;
  std::deque<std::shared_ptr<Upload>> waiting_;
  std::size_t active_ = 0;
};

enum class Fetched : std::uint8_t {
  kWhole,
  kMissing,   // it is not there, or not all of it: somebody has deleted it
  kNoAnswer,  // the server did not say
};
// In a later turn.
void fetch_event(Pipeline& connection, std::string key, const ApartEvent& event,
                 std::function<void(Fetched, std::string)> done);

}  // namespace convoke::redis
