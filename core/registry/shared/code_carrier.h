// Zips on their way to the server and back, in pieces, so that no turn of the server is long.
//
// What is uploaded vanishes from the server after kUncommittedMax, unless a change that names it is
// committed. First shard's thread only; each `done` runs exactly once, in a later turn, unless this
// has gone before.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "core/model/function.h"
#include "core/model/instant.h"
#include "core/registry/shared/keys.h"
#include "core/registry/shared/server.h"

namespace convoke::shared_registry {

inline constexpr std::size_t kPieceBytes = 1UL << 20;
inline constexpr Seconds kUncommittedMax{3600};

class CodeCarrier {
 public:
  // `moved`: a piece has come or gone.
  CodeCarrier(const Keys& keys, Server& server, std::function<void()> moved)
      : keys_(keys), server_(server), moved_(std::move(moved)) {}
  CodeCarrier(const CodeCarrier&) = delete;  // answers come to our address
  CodeCarrier& operator=(const CodeCarrier&) = delete;

  // Under a name that was never used. ServiceUnavailable, with the server's words.
  void upload(const std::string& name, std::shared_ptr<const std::string> zip,
              std::function<void(Result<void>)> done);

  enum class Fetch { kWhole, kGone, kNoAnswer };
  using Fetched = std::function<void(Fetch, std::string zip)>;
  // kGone: no committed function names it any more.
  void fetch(const CodePackage& code, Fetched done);

 private:
  struct Upload;
  struct Download;
  void upload_piece(const std::shared_ptr<Upload>& upload);
  void on_answer(const std::shared_ptr<Upload>& upload, const redis::Answer& answer);
  void fetch_piece(const std::shared_ptr<Download>& download);

  const Keys& keys_;
  Server& server_;
  const std::function<void()> moved_;
};

// What a server answered, for a client: nothing of ours was in it.
[[nodiscard]] Error not_done(const redis::Answer& answer);

}  // namespace convoke::shared_registry
