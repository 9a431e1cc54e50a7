#include "core/registry/stopped_tree_table.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace convoke::stopped_tree_table {

using sqlite::Failure;
using sqlite::Statement;

Failure load(sqlite::Database& database, std::vector<StoppedTree>& trees) {
  std::string unknown;
  Failure read = database.for_each_row(
      [&](const Statement& row) {
        const std::optional<CallId> root = CallId::parse(row.text(0));
        if (!root) unknown = row.text(0);
        StoppedTree tree;
        tree.root = root.value_or(CallId{});
        tree.version = static_cast<std::uint64_t>(row.integer(1));
        tree.reason = row.text(2);
        tree.by = row.text(3);
        tree.since = wall_from_ms(row.integer(4));
        trees.push_back(std::move(tree));
      },
      "SELECT root, version, reason, set_by, since_ms FROM stopped_trees");
  if (!unknown.empty()) return {SQLITE_CORRUPT, "the root '" + unknown + "' is no call's id"};
  return read;
}

Failure write(sqlite::Database& database, const TreeStopped& stopped) {
  const StoppedTree& tree = *stopped.tree;
  Failure done = database.run("DELETE FROM stopped_trees WHERE since_ms <= ?",
                              to_ms(tree.since - kTreeStoppedFor));
  if (failed(done)) return done;
  const std::string root = tree.root.text();
  return database.run("INSERT OR REPLACE INTO stopped_trees VALUES(?,?,?,?,?)",
                      std::string_view(root), static_cast<std::int64_t>(tree.version),
                      std::string_view(tree.reason), std::string_view(tree.by), to_ms(tree.since));
}

Failure write(sqlite::Database& database, const TreeForgotten& forgotten) {
  const std::string root = forgotten.root.text();
  return database.run("DELETE FROM stopped_trees WHERE root = ?", std::string_view(root));
}

}  // namespace convoke::stopped_tree_table
