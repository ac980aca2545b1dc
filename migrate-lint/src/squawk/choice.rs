//! Which rules of squawk are used here, and why the others are not.

use squawk_linter::Rule as Code;

/// What becomes of a rule of squawk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// It is used under its name.
    Used(&'static str),
    /// The same name is found by a rule of our own where the statement is one that we read; elsewhere squawk's is used.
    Shared(&'static str),
    /// It is left out.
    LeftOut,
}

/// Every rule that is used.
pub(super) const USED: [Code; 33] = [
    Code::RequireConcurrentIndexCreation,
    Code::ConstraintMissingNotValid,
    Code::AddingFieldWithDefault,
    Code::AddingForeignKeyConstraint,
    Code::ChangingColumnType,
    Code::AddingNotNullableField,
    Code::AddingSerialPrimaryKeyField,
    Code::RenamingColumn,
    Code::RenamingTable,
    Code::RenamingObject,
    Code::DisallowedUniqueConstraint,
    Code::BanDropDatabase,
    Code::BanDropColumn,
    Code::BanDropTable,
    Code::BanDropSchema,
    Code::BanDropView,
    Code::BanDropFunction,
    Code::BanDropType,
    Code::BanDropDomain,
    Code::BanDropSequence,
    Code::BanDropExtension,
    Code::BanDropDefault,
    Code::BanDropGeneratedExpression,
    Code::BanAlterIdentity,
    Code::BanSetSchema,
    Code::BanTruncateCascade,
    Code::BanAlterDomainWithAddConstraint,
    Code::AddingRequiredField,
    Code::IdentifierTooLong,
    Code::RequireConcurrentPartitionDetach,
    Code::RequireConcurrentReindex,
    Code::BanDuplicateColumnAssignments,
    Code::BanConcurrentIndexCreationInTransaction,
];

/// What becomes of a rule. Without a last arm: a version of squawk with another rule has to be looked at before it compiles.
pub(super) fn choice(code: Code) -> Choice {
    match code {
        Code::RequireConcurrentIndexCreation => Choice::Used("require-concurrent-index-creation"),
        Code::ConstraintMissingNotValid => Choice::Used("constraint-missing-not-valid"),
        Code::AddingFieldWithDefault => Choice::Used("adding-field-with-default"),
        Code::AddingForeignKeyConstraint => Choice::Used("adding-foreign-key-constraint"),
        Code::ChangingColumnType => Choice::Used("changing-column-type"),
        Code::AddingNotNullableField => Choice::Used("adding-not-nullable-field"),
        Code::AddingSerialPrimaryKeyField => Choice::Used("adding-serial-primary-key-field"),
        Code::RenamingObject => Choice::Used("renaming-object"),
        Code::DisallowedUniqueConstraint => Choice::Used("disallowed-unique-constraint"),
        Code::BanDropView => Choice::Used("ban-drop-view"),
        Code::BanDropFunction => Choice::Used("ban-drop-function"),
        Code::BanDropType => Choice::Used("ban-drop-type"),
        Code::BanDropDomain => Choice::Used("ban-drop-domain"),
        Code::BanDropSequence => Choice::Used("ban-drop-sequence"),
        Code::BanDropExtension => Choice::Used("ban-drop-extension"),
        Code::BanDropDefault => Choice::Used("ban-drop-default"),
        Code::BanDropGeneratedExpression => Choice::Used("ban-drop-generated-expression"),
        Code::BanAlterIdentity => Choice::Used("ban-alter-identity"),
        Code::BanSetSchema => Choice::Used("ban-set-schema"),
        Code::BanTruncateCascade => Choice::Used("ban-truncate-cascade"),
        Code::BanAlterDomainWithAddConstraint => Choice::Used("ban-alter-domain-with-add-constraint"),
        Code::IdentifierTooLong => Choice::Used("identifier-too-long"),
        Code::RequireConcurrentPartitionDetach => Choice::Used("require-concurrent-partition-detach"),
        Code::RequireConcurrentReindex => Choice::Used("require-concurrent-reindex"),
        Code::BanDuplicateColumnAssignments => Choice::Used("ban-duplicate-column-assignments"),

        Code::BanDropColumn => Choice::Shared("ban-drop-column"),
        Code::BanDropTable => Choice::Shared("ban-drop-table"),
        Code::BanDropSchema => Choice::Shared("ban-drop-schema"),
        Code::BanDropDatabase => Choice::Shared("ban-drop-database"),
        Code::RenamingColumn => Choice::Shared("renaming-column"),
        Code::RenamingTable => Choice::Shared("renaming-table"),
        Code::AddingRequiredField => Choice::Shared("adding-required-field"),
        // squawk says nothing when the statement is alone in its file, but the runner's transaction is there all the same.
        Code::BanConcurrentIndexCreationInTransaction => Choice::Shared("ban-concurrent-index-creation-in-transaction"),

        // The runner opens and ends every transaction, and transaction statements do not get past the reader of the folder.
        Code::TransactionNesting | Code::BanUncommittedTransaction => Choice::LeftOut,
        // The place for them is the connection, which belongs to the service: all migrations run under one setting.
        Code::RequireTimeoutSettings | Code::RequireLockTimeout | Code::RequireStatementTimeout => Choice::LeftOut,
        // A migration is not run again: it is rolled back whole, and outside of a transaction each statement is recorded. There
        // `IF NOT EXISTS` does harm: it steps over the invalid index that a failed `CONCURRENTLY` leaves behind.
        Code::PreferRobustStmts => Choice::LeftOut,
        // Taste in types and names. It would be found in every table, and no row, client or lock is at risk.
        Code::PreferBigintOverInt
        | Code::PreferBigintOverSmallint
        | Code::PreferIdentity
        | Code::PreferTextField
        | Code::PreferTimestampTz
        | Code::BanCharField
        | Code::BanCreateDomainWithConstraint
        | Code::RequireEnumValueOrdering
        | Code::RequireTableSchema => Choice::LeftOut,
        // For Postgres 19 alone; which server it is, nobody knows at build time.
        Code::PreferRepack => Choice::LeftOut,
        // They allow more than before: what clients write still fits.
        Code::BanDropNotNull | Code::BanDropConstraint => Choice::LeftOut,
        // It takes the lock that every `ALTER TABLE` takes, and as briefly; the remedy would cost the transaction.
        Code::RequireConcurrentIndexDeletion => Choice::LeftOut,
        // A rule about comments to squawk.
        Code::UnusedIgnore => Choice::LeftOut,
        // squawk itself has them off: for products that promise compatibility to strangers.
        Code::BanDropTrigger
        | Code::BanAlterGeneratedExpression
        | Code::BanDropIndex
        | Code::BanSetDefault
        | Code::BanDisableTrigger
        | Code::BanReplicaIdentity
        | Code::BanDropPolicy
        | Code::BanRevoke
        | Code::BanReplaceViewFunction
        | Code::BanAlterPolicyCondition
        | Code::BanAlterPolicyRoles
        | Code::BanCreatePolicy
        | Code::BanAlterFunctionOptions
        | Code::BanAlterViewOptions
        | Code::BanAlterRoleOptions
        | Code::BanAlterDatabaseOptions
        | Code::BanAlterRowLevelSecurity
        | Code::BanNewWriteRestriction
        | Code::BanAddEnumValue
        | Code::BanAddCompositeAttribute
        | Code::BanAddColumn
        | Code::BanDetachInheritance
        | Code::BanAlterSequenceValues
        | Code::BanAlterSystemOptions
        | Code::BanAlterExtension => Choice::LeftOut,
    }
}
