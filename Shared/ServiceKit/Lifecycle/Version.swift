import StrategyHost

/// The version of the platform, in dead letters, migrations and `--version`.
package let platformVersion = PlatformRequirement.version
