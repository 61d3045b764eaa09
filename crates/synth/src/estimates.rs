//! Own estimates: the rates, shares and factors that totals hang on and that no reference table gives.
//!
//! They are chosen so that the totals come near the published figures that are named beside them; none of them is a
//! published figure itself unless it says so. Shares are fractions of 1, rates are per person and year, curves are
//! points (age in years, value) with straight lines between. Small choices that no total hangs on (how often a number
//! is a BIS number, or a filiation an adoption), and how likely one person is to be in a monthly file compared with
//! another, stand where they are used.

/// A curve over age.
pub(crate) type Curve = &'static [(f64, f64)];

// Origin of Belgians -------------------------------------------------------------------------------------------------

/// Belgians of foreign origin among all inhabitants, before the shift that makes a municipality's ratio come out.
pub(crate) const FOREIGN_ORIGIN: Curve = &[
    (0.0, 0.30),
    (6.0, 0.265),
    (12.0, 0.21),
    (18.0, 0.17),
    (25.0, 0.14),
    (40.0, 0.09),
    (55.0, 0.06),
    (65.0, 0.035),
    (80.0, 0.014),
    (95.0, 0.01),
];
/// Of these, own first nationality foreign (all ages together about one half: Statbel, Belgium 2024).
pub(crate) const OWN_FIRST: Curve =
    &[(0.0, 0.03), (6.0, 0.11), (12.0, 0.26), (18.0, 0.40), (25.0, 0.62), (40.0, 0.81), (65.0, 0.84)];
/// Of the others, both parents foreign first (21 against 29 in a hundred: Statbel, Belgium 2024).
pub(crate) const BOTH_PARENTS: f64 = 0.42;
/// Of those with one such parent, it is the father.
pub(crate) const ONE_IS_FATHER: f64 = 0.55;

/// How much more, or less, a nationality of today is found among the first nationalities of Belgians of foreign
/// origin: (code, factor). Older migrations and those who naturalise most weigh more, neighbours and newcomers less.
pub(crate) const OLDER_MIX: &[(u16, f64)] = &[
    (354, 3.8),
    (262, 4.2),
    (128, 1.2),
    (306, 2.2),
    (129, 0.33),
    (111, 0.6),
    (103, 0.5),
    (112, 0.4),
    (109, 0.5),
    (123, 0.35),
    (139, 0.35),
    (124, 0.15),
    (106, 0.12),
    (711, 0.5),
    (207, 0.7),
    (218, 0.9),
    (259, 1.3),
    (220, 4.0),
    (351, 2.5),
    (357, 2.5),
    (327, 3.0),
    (214, 1.8),
    (402, 0.4),
    (209, 0.2),
];
/// States that came out of another: (codes, the former state's code, year of the change).
pub(crate) const SUCCESSORS: &[(&[u16], u16, i16)] = &[
    (&[146, 147, 148, 149, 151, 152, 153], 169, 1992),
    (&[140, 141], 171, 1993),
    (&[135, 136, 137, 142, 143, 144, 145, 249, 250], 172, 1992),
];
/// Of those registered before that year, the share whose first nationality is still the former state's.
pub(crate) const FORMER_STATE: f64 = 0.6;
/// Foreign nationals who were Belgian first, and who were of another foreign nationality first.
pub(crate) const ONCE_BELGIAN: f64 = 0.003;
pub(crate) const ONCE_OTHER: f64 = 0.01;

/// Births in Belgium among naturalised persons and among foreign nationals.
pub(crate) const NATURALISED_BORN_HERE: Curve = &[(0.0, 0.7), (12.0, 0.5), (25.0, 0.42), (40.0, 0.2), (65.0, 0.06)];
pub(crate) const FOREIGN_BORN_HERE: Curve =
    &[(0.0, 0.72), (6.0, 0.55), (12.0, 0.42), (18.0, 0.2), (25.0, 0.08), (60.0, 0.1)];
/// Mean years since the settlement of foreign nationals by age; it decides the yearly inflow (about 48,000).
pub(crate) const YEARS_SETTLED: Curve = &[
    (0.0, 4.5),
    (8.0, 4.5),
    (14.0, 6.6),
    (21.0, 3.0),
    (27.0, 4.1),
    (35.0, 6.7),
    (50.0, 12.5),
    (65.0, 26.0),
    (90.0, 60.0),
];
/// Weight of a year in which Belgians of foreign origin naturalised: (first year, weight until the next row).
pub(crate) const NATURALISATION_YEARS: &[(i16, f64)] =
    &[(1985, 3.0), (1992, 11.0), (1993, 8.0), (2000, 22.0), (2002, 11.0), (2005, 4.8)];
/// Naturalisations of foreign nationals in the years after the calibrated date (about 12,000 a year).
pub(crate) const NATURALISING: Curve = &[(0.0, 0.036), (18.0, 0.051), (40.0, 0.047), (60.0, 0.017), (80.0, 0.003)];

// Events of a year -----------------------------------------------------------------------------------------------------

/// Death within a year, men and women; logarithms of the rate run in straight lines (about 58,500 deaths a year).
pub(crate) const DEATH_OF_MEN: Curve = &[
    (0.0, -5.54),
    (1.0, -8.14),
    (15.0, -8.34),
    (20.0, -7.34),
    (40.0, -6.54),
    (50.0, -5.54),
    (60.0, -4.69),
    (70.0, -3.84),
    (80.0, -2.76),
    (90.0, -1.74),
    (100.0, -0.94),
];
pub(crate) const DEATH_OF_WOMEN: Curve = &[
    (0.0, -5.69),
    (1.0, -8.54),
    (15.0, -8.84),
    (20.0, -8.34),
    (40.0, -7.04),
    (50.0, -6.09),
    (60.0, -5.34),
    (70.0, -4.54),
    (80.0, -3.21),
    (90.0, -1.94),
    (100.0, -1.04),
];
/// Birth within a year by the mother's age (about 69,000 births), and the factor of mothers of foreign origin.
pub(crate) const FERTILITY: Curve = &[
    (15.0, 0.0),
    (19.0, 0.012),
    (24.0, 0.074),
    (28.0, 0.148),
    (31.0, 0.142),
    (35.0, 0.072),
    (40.0, 0.016),
    (45.0, 0.0),
];
pub(crate) const FERTILITY_FOREIGN: f64 = 1.3;
/// Partners of mothers of foreign origin and of the others who are of foreign origin too.
pub(crate) const FOREIGN_COUPLE: f64 = 0.72;
pub(crate) const MIXED_COUPLE: f64 = 0.07;
/// Moves within Flanders (about 4 in 100 a year).
pub(crate) const MOVING: Curve =
    &[(0.0, 0.045), (10.0, 0.03), (17.0, 0.03), (24.0, 0.1), (30.0, 0.085), (45.0, 0.03), (65.0, 0.014), (90.0, 0.03)];
/// Of the movers, those who stay in the arrondissement, and those who leave it but stay in the province.
pub(crate) const SAME_ARRONDISSEMENT: f64 = 0.58;
pub(crate) const SAME_PROVINCE: f64 = 0.24;
/// Foreign nationals who left Belgium in 2008 and 2009, against later years. It is chosen so that their number comes near
/// our own estimates for 1 January 2008 (about 354,000) and 2009 (about 375,000), which carry the published trend back:
/// 399,433 in 2010, 427,986 in 2011, 453,399 in 2012. All inhabitants are published: 6,161,600 and 6,208,877 (Statbel).
pub(crate) const LEAVING_BEFORE_2010: f64 = 0.85;
/// Leaving Belgium; then leaving for Brussels or Wallonia; then coming from there. Each: Belgians, foreign nationals.
pub(crate) const TO_ABROAD: [f64; 2] = [0.0019, 0.040];
pub(crate) const TO_ELSEWHERE: [f64; 2] = [0.0038, 0.017];
pub(crate) const FROM_ELSEWHERE: [f64; 2] = [0.0056, 0.028];
/// Of those elsewhere in Belgium, in Brussels for certain; the others in any municipality of Brussels or Wallonia.
pub(crate) const IN_BRUSSELS: f64 = 0.5;
/// Belgians who come from abroad.
pub(crate) const RETURNING: f64 = 0.0014;
/// Foreign nationals who come from abroad in a year after the calibrated date, by age, for each one present.
pub(crate) const ARRIVING: Curve =
    &[(0.0, 0.11), (16.0, 0.085), (20.0, 0.235), (30.0, 0.185), (40.0, 0.1), (55.0, 0.043), (80.0, 0.018)];

// Parents ------------------------------------------------------------------------------------------------------------

/// Filiation recorded, by year of birth (not by age).
pub(crate) const RECORDED: Curve = &[(1950.0, 0.60), (1970.0, 0.80), (1990.0, 0.99)];
/// Births without a known father.
pub(crate) const FATHER_UNKNOWN: f64 = 0.03;
/// Parent living in the same municipality (as far as this crate distinguishes), by the child's age: father, mother.
pub(crate) const LIVING: [Curve; 2] = [
    &[(0.0, 0.96), (18.0, 0.92), (30.0, 0.85), (40.0, 0.72), (50.0, 0.45), (60.0, 0.17), (70.0, 0.03), (80.0, 0.0)],
    &[(0.0, 0.975), (18.0, 0.95), (30.0, 0.91), (40.0, 0.84), (50.0, 0.66), (60.0, 0.36), (70.0, 0.1), (80.0, 0.01)],
];
/// Of the parents not living there, dead ones: father, mother.
pub(crate) const DEAD: [Curve; 2] = [
    &[(0.0, 0.1), (18.0, 0.3), (30.0, 0.5), (40.0, 0.72), (50.0, 0.9), (60.0, 0.97), (80.0, 1.0)],
    &[(0.0, 0.07), (18.0, 0.2), (30.0, 0.35), (40.0, 0.6), (50.0, 0.82), (60.0, 0.93), (80.0, 1.0)],
];
/// Living in Brussels or Wallonia, of those neither living in the municipality nor dead; of the rest, registered abroad.
pub(crate) const ELSEWHERE: f64 = 0.7;
pub(crate) const ABROAD: f64 = 0.5;
/// A dead (or distant) parent who is shared with a child dealt with before.
pub(crate) const SHARED: f64 = 0.28;
/// A mother's children have the same father.
pub(crate) const SAME_FATHER: f64 = 0.94;
/// Two parents who were foreign first had the same nationality.
pub(crate) const SAME_NATIONALITY: f64 = 0.85;
/// Parents of the settled: resident, for those who came as children and for those who came as adults; abroad.
pub(crate) const RESIDENT_OF_CHILD: f64 = 0.82;
pub(crate) const RESIDENT_OF_ADULT: f64 = 0.03;
pub(crate) const ABROAD_OF_SETTLED: f64 = 0.06;
/// A foreign national as parent of a Belgian child of two foreign-first parents, against a naturalised one.
pub(crate) const STILL_FOREIGN: f64 = 0.3;
/// Registered dead parents without any nationality in the register.
pub(crate) const WITHOUT_HISTORY: f64 = 0.01;
/// Two mothers, among births to Belgians from 2006.
pub(crate) const TWO_MOTHERS: f64 = 0.002;

// Waiting register -----------------------------------------------------------------------------------------------------

/// Persons in the waiting register on a day, Flanders.
pub(crate) const WAITING: f64 = 20_000.0;
/// Nationalities of asylum seekers: code and weight.
pub(crate) const ASYLUM: &[(u16, f64)] = &[
    (251, 12.0),
    (145, 13.0),
    (153, 10.0),
    (152, 9.0),
    (148, 8.0),
    (254, 9.0),
    (315, 8.0),
    (249, 7.0),
    (306, 5.0),
    (255, 4.0),
    (261, 3.0),
    (304, 3.0),
    (327, 2.0),
    (101, 3.0),
    (218, 2.0),
    (207, 2.0),
];

// Other suppliers ------------------------------------------------------------------------------------------------------

/// Living wage by province, Flemish Region (2011, published by the KSZ data warehouse), and equivalent living wage.
pub(crate) const LIVING_WAGE: &[(&str, f64)] =
    &[("10000", 7_524.0), ("20001", 2_968.0), ("30000", 3_768.0), ("40000", 7_224.0), ("70000", 1_933.0)];
pub(crate) const EQUIVALENT_LIVING_WAGE: f64 = 3_500.0;
/// Length of a spell in months, with its share of the spells that touch the year.
pub(crate) const LIVING_WAGE_SPELLS: &[(i32, f64)] = &[(3, 0.08), (8, 0.15), (24, 0.25), (60, 0.52)];
pub(crate) const JOBLESS_SPELLS: &[(i32, f64)] = &[(2, 0.22), (5, 0.25), (12, 0.23), (36, 0.30)];
/// Job-seekers without work at the end of a month, Flemish Region 2010.
pub(crate) const JOBLESS: f64 = 208_000.0;
/// Spells that ended in 2008, that ended in 2009 and that began in 2011, against a year like 2010: so few of the older
/// ones that the number of job-seekers rises from about 165,000 in 2008 to that of 2010, and falls again in 2011.
pub(crate) const JOBLESS_BESIDE: &[(i16, f64)] = &[(2008, 0.72), (2009, 0.85), (2011, 0.9)];
/// Social housing at the end of 2010: tenants and candidates, and who of them is Belgian, and unknown.
pub(crate) const TENANTS: f64 = 140_000.0;
pub(crate) const CANDIDATES: f64 = 85_000.0;
pub(crate) const TENANT_SHARES: (f64, f64) = (0.85, 0.016);
pub(crate) const CANDIDATE_SHARES: (f64, f64) = (0.65, 0.10);
/// How social housing changes in a year: households that leave, and how many more there are at its end.
pub(crate) struct HousingYears {
    pub(crate) leaving: f64,
    pub(crate) growth: f64,
}
pub(crate) const TENANT_YEARS: HousingYears = HousingYears { leaving: 0.065, growth: 1.013 };
pub(crate) const CANDIDATE_YEARS: HousingYears = HousingYears { leaving: 0.28, growth: 1.055 };
/// The rent of a tenant who stays, against the year before.
pub(crate) const RENT_RISE: f64 = 1.02;
/// Weight of states outside the European Union among foreign tenants and candidates.
pub(crate) const HOUSING_OUTSIDE_UNION: f64 = 3.2;
/// Secondary education, second and third grade: ASO, TSO, BSO, KSO; Belgian origin, then foreign origin outside the Union.
pub(crate) const FORMS: [[f64; 4]; 2] = [[0.445, 0.315, 0.216, 0.024], [0.25, 0.28, 0.45, 0.02]];
/// One, two and three years of delay: Belgian origin, then foreign origin; pupils of 15, less for younger ones.
pub(crate) const DELAY: [[f64; 3]; 2] = [[0.165, 0.034, 0.006], [0.275, 0.12, 0.04]];
/// Rows about somebody who lives in Flanders, nobody says where, if there are to be any.
pub(crate) const UNLOCATED: f64 = 0.001;
/// Residents besides those with a living wage whose coded number is in the key file.
pub(crate) const CODED_OTHERS: f64 = 0.05;
/// Persons with a former BIS number, and with a second national number, that the register knows of by June 2011.
pub(crate) const FORMER_BIS: f64 = 10_000.0;
pub(crate) const FORMER_NATIONAL: f64 = 1_700.0;
/// Work by age, among those who do not seek it; outside the European Union this many times as much.
pub(crate) const WORKING: Curve =
    &[(18.0, 0.22), (21.0, 0.48), (25.0, 0.83), (45.0, 0.87), (52.0, 0.80), (58.0, 0.52), (62.0, 0.2), (64.0, 0.12)];
pub(crate) const WORKING_OUTSIDE_UNION: f64 = 0.72;
/// The same for women and for men, and for everybody by quarter: first those of 2008, last those of 2011.
pub(crate) const WORKING_BY_SEX: [f64; 2] = [0.93, 1.07];
pub(crate) const WORKING_BY_QUARTER: [f64; 16] =
    [1.006, 1.009, 1.010, 1.006, 0.998, 0.994, 0.992, 0.992, 0.993, 0.997, 1.000, 1.001, 1.003, 1.005, 1.006, 1.004];
/// Another position than the quarter before, and unknown positions among those who do not work: others, foreign
/// nationals.
pub(crate) const CHANGING: f64 = 0.06;
pub(crate) const UNKNOWN_POSITION: [f64; 2] = [0.04, 0.3];
/// Enrolments in adult education in a school year, enrolments of each student, and students by age; newcomers many
/// times as often.
pub(crate) const ADULT_ENROLMENTS: f64 = 350_000.0;
pub(crate) const ENROLMENTS_EACH: f64 = 1.22;
pub(crate) const STUDYING: Curve = &[(18.0, 0.7), (25.0, 1.2), (45.0, 1.1), (60.0, 0.9), (75.0, 0.25), (85.0, 0.02)];
pub(crate) const STUDYING_NEWCOMER: f64 = 6.0;
/// Families in caravans and their inhabitants: 2003, and 2011 (published: over 970, about 2,500).
pub(crate) const CARAVANS_2003: (u64, u64) = (880, 2_290);
pub(crate) const CARAVANS_2011: (u64, u64) = (970, 2_500);
/// Adult newcomers of 2004 to 2010 (published: nearly 28,000 in 2009, more in 2010), women among them, and how they go on
/// (2010, published: 48 women in a hundred, about 50 of the contracts, 79 of the suspensions).
pub(crate) const NEWCOMERS: [f64; 7] = [13_000.0, 15_500.0, 18_000.0, 21_000.0, 25_000.0, 28_000.0, 29_000.0];
pub(crate) const NEWCOMING_WOMEN: f64 = 0.48;
/// Registration of the entitled and of the obliged; contract, suspension (men, women) and certificate.
pub(crate) const REGISTERING: [f64; 2] = [0.2, 0.93];
pub(crate) const SIGNING: [f64; 2] = [0.71, 0.77];
pub(crate) const SUSPENDED: [f64; 2] = [0.045, 0.169];
pub(crate) const CERTIFIED: f64 = 0.58;
/// Births in deprived families, by the mother: Belgian first, foreign first (7 to 8 in a hundred of all births).
pub(crate) const DEPRIVED: [f64; 2] = [0.04, 0.185];
/// A criterion that was not asked, and a mother whose first nationality is not known.
pub(crate) const NOT_ASKED: f64 = 0.02;
pub(crate) const MOTHER_UNKNOWN: f64 = 0.01;
/// Children with a file about their upbringing in a year, the part of a family's children in it, and how many times as
/// often outside the European Union.
pub(crate) const UPBRINGING: f64 = 8_000.0;
pub(crate) const SIBLINGS_TOO: f64 = 0.7;
pub(crate) const UPBRINGING_OUTSIDE_UNION: f64 = 1.7;
/// Voters of 8 October 2006 in Flanders, published: registered, and who could have been.
pub(crate) const VOTERS_EU: (u64, u64) = (28_713, 170_040);
pub(crate) const VOTERS_OUTSIDE: (u64, u64) = (5_352, 42_473);
