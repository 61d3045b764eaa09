//! Bounds on the text of a query, held before it is parsed: parser, planner and optimiser go down into a query as deep as
//! it is, and would run out of stack on one that a person would never write.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::WarehouseError;

/// Most bytes of a query; the greatest that is shipped has a tenth.
const MAX_BYTES: usize = 64 << 10;
/// Most brackets within each other.
const MAX_DEPTH: usize = 40;
/// Most words and signs: `1 + 1 + 1 ...` is as deep as it is long.
const MAX_TOKENS: usize = 4_000;

/// Refuses a query that is too long or too deep.
///
/// # Errors
/// A text beyond one of the bounds, or one that is not made of SQL's words.
pub(crate) fn bounded(sql: &str) -> Result<(), WarehouseError> {
    let refuse = |line: u64, what: String| Err(WarehouseError::Engine(format!("{what} at Line: {line}, Column: 1")));
    if sql.len() > MAX_BYTES {
        return refuse(1, format!("a query of {} bytes, where it may have {MAX_BYTES},", sql.len()));
    }
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize_with_location()
        .map_err(|error| WarehouseError::Engine(format!("{} at {}", error.message, error.location)))?;
    let (mut depth, mut count) = (0_usize, 0);
    for token in &tokens {
        match token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        count += 1;
        let line = token.span.start.line;
        if depth > MAX_DEPTH {
            return refuse(line, format!("more than {MAX_DEPTH} brackets within each other"));
        }
        if count > MAX_TOKENS {
            return refuse(line, format!("more than {MAX_TOKENS} words and signs"));
        }
    }
    Ok(())
}
