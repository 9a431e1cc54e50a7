#include "core/registry/zip_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "core/registry/shown.h"
#include "core/registry/zip.h"

namespace convoke {
namespace {

Error refused(std::string_view name, std::string_view why) {
  return {ErrorCode::kInvalidArgument, fmt::format("the zip's entry '{}' {}", shown(name), why)};
}

std::vector<std::string_view> components_of(std::string_view path) {
  std::vector<std::string_view> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view component = path.substr(0, slash);
    if (!component.empty() && component != ".") components.push_back(component);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

Result<std::string> normalised(std::string_view name) {
  if (name.size() > kZipPathBytesMax)
    return refused(name, fmt::format("has a path of over {} bytes", kZipPathBytesMax));
  if (name.starts_with('/')) return refused(name, "has an absolute path");
  if (name.find('\0') != std::string_view::npos) return refused(name, "has a NUL in its path");
  std::string path;
  for (const std::string_view component : components_of(name)) {
    if (component == "..") return refused(name, "has a path that leads out of the directory");
    if (component.size() > kZipNameBytesMax)
      return refused(name, fmt::format("has a name of over {} bytes", kZipNameBytesMax));
    if (!path.empty()) path += '/';
    path += component;
  }
  return path;
}

// A link may climb no higher than it lies deep, and only at the beginning of its target: `a/..`
// could pass through another link and come out elsewhere.
Result<void> check_link(std::string_view name, std::string_view path, std::string_view target) {
  if (target.empty() || target.size() > kZipLinkBytesMax)
    return refused(
        name, fmt::format("is a link whose target is not 1 to {} bytes long", kZipLinkBytesMax));
  if (target.starts_with('/')) return refused(name, "is a link to an absolute path");
  auto climbs = std::count(path.begin(), path.end(), '/');
  bool descended = false;
  for (const std::string_view component : components_of(target)) {
    if (component != "..") {
      descended = true;
    } else if (descended || --climbs < 0) {
      return refused(name, "is a link that leads out of the directory");
    }
  }
  return {};
}

}  // namespace

Result<std::string> ZipPlan::admit(std::string_view name, EntryKind kind,
                                   std::string_view link_target) {
  if (kind == EntryKind::kOther)
    return refused(name, "is neither a file nor a directory nor a symbolic link");
  Result<std::string> path = normalised(name);
  if (!path) return path;
  if (path->empty()) {
    if (kind == EntryKind::kDirectory) return path;
    return refused(name, "has no name");
  }
  if (Result<void> parents = admit_parents(name, *path); !parents) return parents.error();
  if (kind == EntryKind::kLink) {
    if (Result<void> right = check_link(name, *path, link_target); !right) return right.error();
  }
  const auto placed = kinds_.emplace(*path, kind);
  const bool directory_again =
      placed.first->second == EntryKind::kDirectory && kind == EntryKind::kDirectory;
  if (!placed.second && !directory_again) return refused(name, "comes twice");
  return path;
}

Result<void> ZipPlan::admit_parents(std::string_view name, std::string_view path) {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const auto placed = kinds_.emplace(std::string(path.substr(0, slash)), EntryKind::kDirectory);
    if (placed.first->second != EntryKind::kDirectory)
      return refused(name, "lies below another entry that is not a directory");
  }
  return {};
}

}  // namespace convoke
