// All rows of the registry, as they stood at one version.
//
// They are read in pieces, so that no turn of the server is long; if a change was made meanwhile,
// once more from the start. First shard's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/registry/shared/keys.h"
#include "core/registry/shared/server.h"

namespace convoke::shared_registry {

struct Rows {
  std::uint64_t version = 0;
  // By the fields of their hashes (keys.h).
  std::map<std::string, std::string> services;
  std::map<std::string, std::string> functions;
  std::map<std::string, std::string> limits;
  std::map<std::string, std::string> async_configs;
  std::map<std::string, std::string> triggers;
  std::map<std::string, std::string> switches;
  std::map<std::string, std::string> stopped_trees;
  std::map<std::string, std::string> domains;
};

class RowsReader {
 public:
  RowsReader(const Keys& keys, Server& server) : keys_(keys), server_(server) {}
  RowsReader(const RowsReader&) = delete;  // answers come to our address
  RowsReader& operator=(const RowsReader&) = delete;

  // nullopt: the server did not say. One at a time.
  using Done = std::function<void(std::optional<Rows>)>;
  void read(Done done);

 private:
  static constexpr std::size_t kPiece = 500;  // rows, about

  struct Hash {
    const std::string* key;
    std::map<std::string, std::string>* rows;
  };
  [[nodiscard]] Hash hash();
  void begin();
  void read_piece(const std::string& cursor);
  void on_piece(const redis::Answer& answer);
  void on_version(const redis::Answer& answer);
  void finish(std::optional<Rows> rows);

  const Keys& keys_;
  Server& server_;
  Rows rows_;
  std::size_t at_ = 0;  // which hash
  Done done_;
};

// The version in a reply to GET: 0 where there is none yet.
[[nodiscard]] std::optional<std::uint64_t> version_in(const redis::Answer& answer);

}  // namespace convoke::shared_registry
