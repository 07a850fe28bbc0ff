/**
 * The tables of a large web application, a place where programs are kept and worked on, by area. One line is a table:
 *
 *   name: column:kind column:kind? column>table column>table? column* | unique a,b | index a,b
 *
 * `>` refers to a table's id, `?` may be NULL, `*` refers to a row of any table by its kind and id. Every table has an
 * id, and the times at which a row was made and changed.
 */

/** An area is a schema on PostgreSQL. MySQL and MariaDB have those of `apart` in a database of their own. */
export const areas: Readonly<Record<string, string>> = {
  people: `
    organizations: name:name path:slug settings:json | unique path
    users: organization>organizations name:name username:slug email:email state:state bio:text? admin:flag locale:lang seen:time? sign_ins:count preferences:json address:ip? place:place? | unique username | unique email
    user_details: user>users job:name? about:html? pronouns:name? | unique user
    emails: user>users email:email confirmed:time? token:token | unique email
    identities: user>users provider:slug uid:name | unique provider,uid
    ssh_keys: user>users title:title fingerprint:sha used:time? expires:date? | unique fingerprint
    gpg_keys: user>users fingerprint:sha key:text | unique fingerprint
    gpg_subkeys: gpg_key>gpg_keys fingerprint:sha | unique fingerprint
    personal_tokens: user>users name:name digest:token scopes:tags expires:date? revoked:flag | unique digest
    oauth_apps: owner>users? name:name secret:token redirect:url confidential:flag
    oauth_grants: app>oauth_apps user>users token:token lasting:duration
    oauth_tokens: app>oauth_apps user>users token:token refresh:token? scopes:tags
    sessions: user>users token:token address:ip agent:text expires:time | unique token
    user_callouts: user>users feature:small dismissed:time? | unique user,feature
    user_statuses: user>users emoji:name message:title clear:time? | unique user
    user_follows: follower>users followee>users | unique follower,followee
    namespaces: parent>namespaces? owner>users? organization>organizations name:name path:slug kind:state visibility:small route:route shared:flag | index parent,id
    namespace_settings: namespace>namespaces defaults:json emails:flag | unique namespace
    namespace_statistics: namespace>namespaces storage:big pipelines:count | unique namespace
    members: user>users? source* access:small expires:date? invited_by>users? state:state | index user,access
    member_roles: namespace>namespaces name:name permissions:json
    invitations: member>members email:email token:token accepted:time?
    group_links: namespace>namespaces shared>namespaces access:small expires:date? | unique namespace,shared
    saml_providers: namespace>namespaces url:url fingerprint:sha enforced:flag
    saml_links: saml_provider>saml_providers group_name:name access:small
    scim_tokens: namespace>namespaces token:token
    abuse_reports: user>users reporter>users? message:text category:state screenshot:url?
    banned_users: user>users reason:title | unique user
    broadcasts: message:text starts:time ends:time color:color target:tags
    badges: namespace>namespaces? link:url image:url
    authenticators: user>users name:name key:token counter:big
    terms: text:text html:html
    term_agreements: user>users term>terms accepted:flag
    achievements: namespace>namespaces name:name description:text?
    user_achievements: achievement>achievements user>users awarded_by>users? revoked:time? priority:small?
    spam_logs: user>users? address:ip title:title submitted:text
    countries: name:name code:lang area:number place:place`,

  code: `
    projects: namespace>namespaces creator>users? name:name path:slug description:text? visibility:small archived:flag stars:count forks:count topics:tags activity:time settings:json imported:url? | unique namespace,path | index activity,id
    project_settings: project>projects features:json squash:small template:text? | unique project
    project_statistics: project>projects commits:big repository:big artifacts:big lfs:big | unique project
    project_features: project>projects issues_level:small wiki_level:small pages_level:small | unique project
    project_topics: project>projects topic>topics | unique project,topic
    topics: name:slug title:title projects_count:count | unique name
    forks: project>projects source>projects? | unique project
    repositories: project>projects disk:route format:small | unique project
    repository_languages: project>projects language>languages share:number | unique project,language
    languages: name:name color:color | unique name
    branches: project>projects name:slug head:sha stale:flag | unique project,name
    protected_branches: project>projects name:slug force:flag | unique project,name
    push_levels: protected_branch>protected_branches access:small user>users?
    merge_levels: protected_branch>protected_branches access:small user>users?
    protected_tags: project>projects name:slug
    tags: project>projects name:slug target:sha message:text? | unique project,name
    commits: project>projects author>users? sha:sha message:text authored:time files:count | unique project,sha
    commit_parents: commit>commits parent>commits place_in:small | unique commit,parent
    releases: project>projects author>users? tag:slug name:title description:text? released:time html:html? | unique project,tag
    release_links: release>releases name:title url:url kind:state
    evidences: release>releases summary:json sha:sha
    deploy_keys: project>projects key>ssh_keys push:flag | unique project,key
    deploy_tokens: project>projects? name:name token:token scopes:tags expires:time?
    lfs_objects: oid:token size:big file:name
    lfs_projects: lfs_object>lfs_objects project>projects | unique lfs_object,project
    lfs_locks: project>projects user>users path:route | unique project,path
    snippets: project>projects? author>users title:title content:text file:name? visibility:small search:vector
    snippet_files: snippet>snippets path:route content:text
    wiki_pages: project>projects title:title content:text parent>wiki_pages? search:vector
    wiki_slugs: wiki_page>wiki_pages slug:slug canonical:flag
    mirrors: project>projects url:url enabled:flag last:time? error:text? credentials:token?
    push_rules: project>projects? branch_pattern:title? size:count signed:flag
    redirects: source* path:route | unique path
    approvals_rules: project>projects name:title required:small
    approval_users: approvals_rule>approvals_rules user>users | unique approvals_rule,user
    code_owners: project>projects pattern:route user>users
    imports: project>projects status:state failure:text? job:token?
    exports: project>projects user>users file:name? status:state`,

  work: `
    labels: project>projects? namespace>namespaces? title:title color:color description:text? priority:small?
    label_links: label>labels target* | index label,target_kind
    milestones: project>projects? namespace>namespaces? title:title state:state due:date? starts:date?
    iterations: namespace>namespaces title:title? sequence:small span:span state:state
    issues: project>projects author>users milestone>milestones? epic>epics? moved_to>issues? duplicate>issues? title:title description:text? html:html? state:state confidential:flag due:date? weight:small? position:position iid:count votes:count search:vector | unique project,iid | index project,state,due
    issue_links: source>issues target>issues kind:small | unique source,target
    issue_emails: issue>issues participant:email
    epics: namespace>namespaces author>users parent>epics? title:title description:text? state:state starts:date? due:date? color:color iid:count position:position search:vector | unique namespace,iid
    epic_issues: epic>epics issue>issues position:position | unique issue
    boards: project>projects? namespace>namespaces? name:title hidden:flag
    board_lists: board>boards label>labels? kind:small position:position
    board_preferences: board_list>board_lists user>users collapsed:flag | unique board_list,user
    notes: author>users? subject* note:text html:html? system:flag internal:flag discussion:token resolved:time? edited_by>users? line:json? | index subject_kind,subject_id,id
    note_files: note>notes name:name size:big
    emoji_awards: user>users target* name:slug
    todos: user>users author>users project>projects? target* action:small state:state | index user,state,id
    timelogs: user>users issue>issues? merge_request>merge_requests? spent:duration at:time summary:title?
    merge_requests: project>projects source_project>projects? author>users merge_user>users? milestone>milestones? title:title description:text? state:state draft:flag source:slug target:slug iid:count merged:time? sha:sha? squash:flag votes:count search:vector | unique project,iid | index target,state
    merge_request_diffs: merge_request>merge_requests base:sha head:sha files:count external:flag
    merge_request_files: merge_request_diff>merge_request_diffs path:route added:count removed:count binary:flag patch:text?
    merge_request_commits: merge_request_diff>merge_request_diffs sha:sha message:text order_in:count
    merge_request_reviewers: merge_request>merge_requests reviewer>users state:state | unique merge_request,reviewer
    merge_request_blocks: blocking>merge_requests blocked>merge_requests | unique blocking,blocked
    merge_trains: merge_request>merge_requests user>users pipeline>pipelines? status:small duration:duration?
    approvals: merge_request>merge_requests user>users sha:sha? | unique merge_request,user
    drafts: merge_request>merge_requests author>users note:text position:json
    suggestions: note>notes applied:flag sha:sha? from_text:text to_text:text
    designs: issue>issues project>projects file:route position:position iid:count
    design_versions: design>designs sha:sha action:small
    requirements: project>projects author>users title:title state:state iid:count
    test_cases: requirement>requirements title:title passed:flag
    incidents: issue>issues severity:small status:state escalated:time? paged:flag
    incident_events: incident>incidents author>users? note:text at:time
    alerts: project>projects issue>issues? title:title severity:small status:state payload:json fingerprint:sha hosts:tags started:time ended:time?
    service_desk: project>projects prefix:slug templates:json | unique project
    contacts: namespace>namespaces first:name last:name email:email? phone:name?
    customer_groups: namespace>namespaces name:name rate:money?
    contact_issues: contact>contacts issue>issues | unique contact,issue
    sprints_plans: iteration>iterations capacity:number plan:json
    custom_fields: namespace>namespaces name:name kind:state options:json
    custom_values: custom_field>custom_fields issue>issues text:text? number:number? | unique custom_field,issue
    votes_polls: issue>issues question:title closes:time?
    votes_cast: votes_poll>votes_polls user>users choice:small | unique votes_poll,user`,

  ci: `
    pipelines: project>projects user>users? merge_request>merge_requests? ref:slug sha:sha status:state source:small started:time? finished:time? duration:duration? yaml:text? iid:count | unique project,iid | index project,status,id
    stages: pipeline>pipelines name:slug position:small status:state | unique pipeline,name
    jobs: stage>stages project>projects runner>runners? user>users? name:slug status:state tags:tags allow_failure:flag queued:time? started:time? finished:time? options:json coverage:number? | index runner,status
    job_needs: job>jobs needed>jobs artifacts:flag | unique job,needed
    job_variables: job>jobs key:slug value:token
    job_sections: job>jobs name:slug starts:big ends:big
    job_artifacts: job>jobs kind:state file:name size:big expires:time? digest:sha
    runners: token:token description:text? kind:small active:flag tags:tags address:ip? version:name? contacted:time? limits:json? | unique token
    runner_projects: runner>runners project>projects | unique runner,project
    runner_groups: runner>runners namespace>namespaces | unique runner,namespace
    runner_versions: version:slug status:small | unique version
    variables: project>projects? namespace>namespaces? key:slug value:token masked:flag scope:route
    secure_files: project>projects name:name checksum:token
    schedules: project>projects owner>users? ref:slug cron:name zone:name next:time? active:flag
    schedule_variables: schedule>schedules key:slug value:token | unique schedule,key
    triggers_tokens: project>projects owner>users token:token description:title?
    trigger_requests: triggers_token>triggers_tokens pipeline>pipelines variables:json
    environments: project>projects name:slug slug:slug state:state tier:small url:url? auto_stop:time? | unique project,name
    deployments: project>projects environment>environments job>jobs? user>users? sha:sha status:small iid:count finished:time?
    deployment_requests: deployment>deployments merge_request>merge_requests environment>environments | unique deployment,merge_request
    freeze_periods: project>projects starts:name ends:name zone:name
    resource_groups: project>projects key:slug mode:small | unique project,key
    resources: resource_group>resource_groups job>jobs?
    test_reports: job>jobs total:count failed:count time:number summary:json
    coverage_days: project>projects day:date name:slug percent:number | unique project,day,name
    job_traces: job>jobs chunk:count content:text store:small
    pipeline_messages: pipeline>pipelines severity:small content:text
    daily_minutes: project>projects month:date amount:number shared:money`,

  ops: `
    clusters: project>projects? namespace>namespaces? user>users? name:name provider:small endpoint:url enabled:flag certificate:text?
    cluster_agents: project>projects name:slug config:json | unique project,name
    agent_tokens: cluster_agent>cluster_agents token:token used:time? revoked:flag
    feature_flags: project>projects name:slug active:flag iid:count | unique project,name
    flag_strategies: feature_flag>feature_flags name:slug parameters:json
    flag_scopes: flag_strategy>flag_strategies environment:slug
    integrations: project>projects? namespace>namespaces? kind:state active:flag properties:json secret:token?
    hooks: project>projects? namespace>namespaces? url:url events:tags token:token? enabled:flag failures:count
    chat_names: integration>integrations user>users team:slug chat:slug | unique integration,team,chat
    jira_trackers: integration>integrations url:url user_name:name? password:token?
    dashboards: project>projects? name:title layout:json
    metrics: dashboard>dashboards? title:title query:text unit:name legend:name?
    metric_alerts: metric>metrics threshold:number operator:small
    on_calls: project>projects name:name zone:name
    rotations: on_call>on_calls name:name length:duration starts:time during:span
    rotation_users: rotation>rotations user>users color:color | unique rotation,user
    shifts: rotation>rotations user>users during:span
    escalations: on_call>on_calls after:duration status:small
    vulnerabilities: project>projects author>users title:title severity:small state:state report:small resolved:time? dismissed_by>users? cvss:number?
    findings: vulnerability>vulnerabilities? project>projects uuid:uuid name:title location:json scanner>scanners | unique uuid
    scanners: project>projects name:name external:slug
    finding_links: finding>findings url:url name:title?
    advisories: package_kind:small cve:slug affected:text published:date cvss:number? | unique cve
    licences: name:name spdx:slug? | unique name
    licence_uses: licence>licences project>projects version:slug | unique licence,project,version
    pages_domains: project>projects domain:slug verified:time? certificate:text? key:token? | unique domain
    terraform_states: project>projects name:slug locked:time? serial:count | unique project,name
    terraform_versions: terraform_state>terraform_states version:count file:name
    settings: key:slug value:json | unique key`,

  store: `
    packages: project>projects creator>users? name:slug version:slug kind:small status:state pulls:count | unique project,name,version
    package_files: package>packages file:name size:big sha:sha md5:token?
    package_tags: package>packages name:slug
    package_dependencies: name:slug version:slug | unique name,version
    dependency_links: package>packages package_dependency>package_dependencies kind:small
    containers: project>projects path:route expired:time? status:small | unique project,path
    container_tags: container>containers name:slug digest:sha | unique container,name
    debian_suites: project>projects codename:slug components:tags signed:text?
    cleanup_policies: project>projects cadence:duration keep:small pattern:title? next:time? | unique project
    plans: name:slug title:title price:money | unique name
    plan_limits: plan>plans hooks:count storage:big minutes:count | unique plan
    subscriptions: namespace>namespaces plan>plans seats:count starts:date ends:date? trial:flag term:span
    invoices: subscription>subscriptions number:slug net:money tax:money issued:date paid:time? | unique number
    invoice_lines: invoice>invoices text:title quantity:number price:money
    credits: namespace>namespaces amount:money reason:title
    usage_minutes: namespace>namespaces month:date minutes:number | unique namespace,month`,
};

/** What is noted, mentioned, labelled and counted has tables of the same kinds beside it. */
export const companions: Readonly<Record<string, readonly [area: string, ...of: string[]]>> = {
  metrics: ['work', 'first_note:time?', 'first_touch:time?', 'touches:count', 'people:small'],
  user_mentions: ['work', 'note>notes?', 'mentioned:tags'],
  label_events: ['work', 'user>users?', 'label>labels?', 'action:small'],
  state_events: ['work', 'user>users?', 'state:state', 'commit>commits?'],
  assignees: ['work', 'assignee>users'],
  subscribers: ['work', 'user>users', 'subscribed:flag'],
};
export const accompanied = [
  'issues',
  'merge_requests',
  'epics',
  'snippets',
  'designs',
  'alerts',
  'incidents',
  'requirements',
  'vulnerabilities',
  'releases',
] as const;

/** What is written down for ever, month by month: partitions on PostgreSQL, tables of their own on MySQL and MariaDB. */
export const journals: Readonly<Record<string, string>> = {
  actions: 'user>users? subject* action:slug details:json address:ip?',
  logins: 'user>users? method:slug address:ip? succeeded:flag',
  api_calls: 'user>users? route:route status:small lasted:number',
  deliveries: 'hook>hooks? status:small request:json answer:text?',
  exported: 'user>users? rows:count file:name',
};
export const months = Array.from({ length: 12 }, (_, at) => `2025-${String(at + 1).padStart(2, '0')}`);

/** Areas of which MySQL and MariaDB keep the tables in another database. */
export const apart: readonly string[] = ['ci', 'audit'];
