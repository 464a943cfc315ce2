// Finds LEAN files: folders are walked in byte order, every recognised zip is taken. Only directories of zips
// are read here. What is not recognised in a folder is counted; named on its own it is an error.

import Contracts

/// One file of LEAN data.
struct LeanFile: Sendable, Equatable {
    var name: LeanName
    var archive: ZipArchive
    var member: ZipMember

    static func == (left: LeanFile, right: LeanFile) -> Bool {
        left.name == right.name && left.archive.path == right.archive.path
    }

    var fingerprint: InputFile {
        InputFile(name: name.relativePath, size: archive.identity.size, crc32: member.crc32)
    }
}

/// The files found so far.
struct LeanCatalog {
    private(set) var files: [LeanFile] = []
    /// Files in folders that are not LEAN data of ours.
    private(set) var passedOver = 0
    private(set) var firstPassedOver: String?
    /// Every symbol that has a file, wanted or not, for the sentence on a symbol that is not there.
    private(set) var symbols: Set<String> = []
    /// Files left out for their symbol or day.
    private(set) var filtered = 0
    private let options: DataOptions
    private let wanted: Set<String>
    private var taken: Set<String> = []
    private var depth = 0
    private var visited = 0

    /// Deeper folders are not walked: there is a loop of links.
    static let maximumDepth = 32
    /// More entries in all folders together are refused.
    static let maximumEntries = 2_000_000

    init(_ options: DataOptions) {
        self.options = options
        wanted = Set(options.symbols.map { $0.uppercased() })
    }

    /// Every recognised zip under a folder.
    mutating func addFolder(_ path: String) throws(MarketDataError) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else {
            throw MarketDataError(.tooMuch, path: path, "folders are nested deeper than \(Self.maximumDepth)")
        }
        for entry in try folderEntries(path) where !entry.hasPrefix(".") {
            visited += 1
            guard visited <= Self.maximumEntries else {
                throw MarketDataError(
                    .tooMuch, path: path, "more than \(Self.maximumEntries) files; name a smaller folder")
            }
            let child = path.hasSuffix("/") ? path + entry : path + "/" + entry
            switch try pathKind(child) {
            case .folder: try addFolder(child)
            case .file(let identity):
                if entry.lowercased().hasSuffix(".zip"), let name = Self.name(of: child) {
                    try add(name, child, identity)
                } else {
                    passOver(child)
                }
            case .other: passOver(child)
            }
        }
    }

    /// One zip that the user named.
    mutating func addZip(_ path: String, _ identity: FileIdentity) throws(MarketDataError) {
        if let name = Self.name(of: path) {
            try add(name, path, identity)
            return
        }
        let archive = try ZipArchive(path: path, identity: identity)
        let member = try Self.onlyMember(of: archive)
        guard let name = LeanName(member: member.name) else {
            throw MarketDataError(
                .unrecognised, path: path,
                "neither the path nor its member \"\(member.name)\" says market, resolution and symbol; "
                    + LeanName.expected)
        }
        take(name, archive, member)
    }

    private static func name(of path: String) -> LeanName? {
        LeanName(path: absolutePath(path)) ?? LeanName(path: resolvedPath(path))
    }

    private mutating func add(
        _ name: LeanName, _ path: String, _ identity: FileIdentity
    ) throws(MarketDataError) {
        guard wants(name) else { return }
        let archive = try ZipArchive(path: path, identity: identity)
        take(name, archive, try Self.onlyMember(of: archive))
    }

    /// Whether symbol and day are asked for; said before the file is touched.
    private mutating func wants(_ name: LeanName) -> Bool {
        symbols.insert(name.symbol)
        if !wanted.isEmpty && !wanted.contains(name.symbol) {
            filtered += 1
            return false
        }
        if let day = name.day {
            if let from = options.from, day < from { filtered += 1; return false }
            if let to = options.to, day > to { filtered += 1; return false }
        }
        return true
    }

    private mutating func take(_ name: LeanName, _ archive: ZipArchive, _ member: ZipMember) {
        guard wants(name), taken.insert(resolvedPath(archive.path)).inserted else { return }
        files.append(LeanFile(name: name, archive: archive, member: member))
    }

    private mutating func passOver(_ path: String) {
        passedOver += 1
        if firstPassedOver == nil { firstPassedOver = path }
    }

    private static func onlyMember(of archive: ZipArchive) throws(MarketDataError) -> ZipMember {
        guard let member = archive.members.first, archive.members.count == 1 else {
            throw MarketDataError(
                .badArchive, path: archive.path,
                "the zip holds \(archive.members.count) members; a LEAN zip of these kinds holds one CSV file"
            )
        }
        return member
    }
}
